import { firstNotFinite } from "../../../tensor/first_not_finite.ts";
import type { Tensor } from "../../../tensor/tensor.ts";

/**
 * State of a strategy that is kept from round to round: doubles by parameter name and index, initially zero.
 *
 * A round works on a draft. The strategy keeps the draft if the round's model is finite, and drops it otherwise, so
 * that one bad reply cannot damage later rounds.
 */
export class Moments {
  readonly #kept = new Map<string, Float64Array>();
  readonly #drafts = new Map<string, Float64Array>();

  /** The draft of a tensor's doubles, to read and to change. */
  of(name: string, { data }: Tensor): Float64Array {
    const draft = this.#drafts.get(name);
    if (draft !== undefined) return draft;
    const kept = this.#kept.get(name);
    // A model with another number of elements starts with zeros.
    const fresh = kept?.length === data.length ? kept.slice() : new Float64Array(data.length);
    this.#drafts.set(name, fresh);
    return fresh;
  }

  /**
   * The kept doubles of a tensor themselves, which saves the memory of a draft; zeros if there are none. Change them only
   * in a function for `RuleState.changeLater`.
   */
  inPlace(name: string, like: Tensor): Float64Array {
    const kept = this.#kept.get(name);
    const isKept = !this.#drafts.has(name) && kept?.length === like.data.length;
    return isKept ? kept : this.of(name, like);
  }

  /** Describes the first number of the drafts that is not finite; undefined if there is none. */
  notFinite(): string | undefined {
    for (const [name, values] of this.#drafts) {
      const place = firstNotFinite(values);
      if (place !== undefined) {
        return `the strategy's state for array "${name}", element ${place} would be ${
          values[place]
        }`;
      }
    }
    return undefined;
  }

  /** Keeps the drafts for the next round. */
  keepDrafts(): void {
    for (const [name, values] of this.#drafts) this.#kept.set(name, values);
    this.#drafts.clear();
  }

  /** The kept doubles by parameter name; do not change them. */
  kept(): ReadonlyMap<string, Float64Array> {
    return this.#kept;
  }

  /** Replaces the kept state. */
  load(values: ReadonlyMap<string, Float64Array>): void {
    this.clear();
    for (const [name, doubles] of values) this.#kept.set(name, doubles);
  }

  /** Clears all state, because another run starts. */
  clear(): void {
    this.#kept.clear();
    this.#drafts.clear();
  }

  /** Drops the drafts, so that the next round or attempt starts from the kept state. */
  dropDrafts(): void {
    this.#drafts.clear();
  }
}
