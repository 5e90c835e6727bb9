import { printable } from "./printable.ts";

/** A name that can be part of a sentence without quotes. Others, including those that look like an id, get quotes. */
const PLAIN = /^(?=.*\p{L})[\p{L}\p{M}\p{N}._@/-]+$/u;

/**
 * Labels of nodes in lines for people: the node's name if no other node has it, or its id if it has no name. Names are
 * not unique, so equal ones (ignoring case) are followed by the id.
 */
export class NodeLabels {
  readonly #names = new Map<bigint, string>();
  /** Number of nodes per name, in the form in which names are compared. */
  readonly #counts = new Map<string, number>();
  readonly #withIds: boolean;

  /**
   * Starts without names.
   *
   * @param options `withIds`: each name is followed by the id
   */
  constructor({ withIds = false }: { readonly withIds?: boolean } = {}) {
    this.#withIds = withIds;
  }

  /** Records a node's name; undefined if it has none. */
  set(nodeId: bigint, name: string | undefined): void {
    const before = this.#names.get(nodeId);
    if (before === name) return;
    if (before !== undefined) this.#count(before, -1);
    if (name === undefined) {
      this.#names.delete(nodeId);
      return;
    }
    this.#names.set(nodeId, name);
    this.#count(name, 1);
  }

  /** The node's name; undefined if it has none. */
  nameOf(nodeId: bigint): string | undefined {
    return this.#names.get(nodeId);
  }

  /** The node's label, to be used after the word "node": "hospital-b", "hospital-b (123)" or "123". */
  of(nodeId: bigint): string {
    const name = this.#names.get(nodeId);
    if (name === undefined) return `${nodeId}`;
    const shown = shownName(name);
    const alike = this.#counts.get(comparedForm(name))! > 1;
    return alike || this.#withIds ? `${shown} (${nodeId})` : shown;
  }

  #count(name: string, change: number): void {
    const form = comparedForm(name);
    const count = (this.#counts.get(form) ?? 0) + change;
    if (count === 0) this.#counts.delete(form);
    else this.#counts.set(form, count);
  }
}

/** A node's name as part of a sentence, in quotes if it could be misread. */
export function shownName(name: string): string {
  return PLAIN.test(name) ? name : printable(JSON.stringify(name));
}

function comparedForm(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
