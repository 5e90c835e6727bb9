import { printable } from "./printable.ts";

/** A name that stands in a sentence as it is. Others, also those that look like an id, get quotes. */
const PLAIN = /^(?=.*\p{L})[\p{L}\p{M}\p{N}._@/-]+$/u;

/**
 * What lines for people call nodes: a node's name, where it has one that no other node has; its id, where it has none.
 * Names are not unique, so where two are alike (also but for their case) the id stands after the name.
 */
export class NodeLabels {
  readonly #names = new Map<bigint, string>();
  /** How many nodes have a name, by the form in which names are compared. */
  readonly #counts = new Map<string, number>();
  readonly #withIds: boolean;

  /** @param options `withIds`: the id stands after every name */
  constructor({ withIds = false }: { readonly withIds?: boolean } = {}) {
    this.#withIds = withIds;
  }

  /** Takes note of a node's name; undefined: it has none (any more). */
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

  /** The node's name alone; undefined where it has none. */
  nameOf(nodeId: bigint): string | undefined {
    return this.#names.get(nodeId);
  }

  /** How a line calls the node, after the word "node": "hospital-b", "hospital-b (123)" or "123". */
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

/** A node's name as it stands in a sentence: in quotes where it could be read as something else. */
export function shownName(name: string): string {
  return PLAIN.test(name) ? name : printable(JSON.stringify(name));
}

function comparedForm(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
