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
  /** The known bounds of the kept doubles. */
  readonly #bounds = new Map<string, number>();

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
   * The kept doubles of a tensor itself, without a draft, to save memory. Zeros if there are none. Change them only in
   * a function for `RuleState.changeLater`.
   */
  inPlace(name: string, like: Tensor): Float64Array {
    const kept = this.#kept.get(name);
    this.#bounds.delete(name);
    const isKept = !this.#drafts.has(name) && kept?.length === like.data.length;
    return isKept ? kept : this.of(name, like);
  }

  /**
   * A bound of the absolute values of a tensor's kept doubles. 0 if there are none.
   *
   * @param isPositive whether negative doubles have no bound
   */
  boundOf(name: string, { data }: Tensor, isPositive: boolean): number {
    const known = this.#bounds.get(name);
    const kept = this.#kept.get(name);
    if (kept?.length !== data.length) return 0;
    if (known !== undefined) return known;
    let bound = 0;
    for (let i = 0; i < kept.length; i++) {
      const value = kept[i]!;
      if (isPositive && value < 0) return Infinity;
      bound = Math.max(bound, Math.abs(value));
    }
    return bound;
  }

  /** Records a bound of a tensor's doubles, until they change again. */
  setBound(name: string, bound: number): void {
    this.#bounds.set(name, bound);
  }

  /** Describes the first number of the drafts that is not finite. Undefined if all are. */
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
    for (const [name, values] of this.#drafts) {
      this.#kept.set(name, values);
      this.#bounds.delete(name);
    }
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
    this.#bounds.clear();
  }

  /** Drops the drafts, so that the next round or attempt starts from the kept state. */
  dropDrafts(): void {
    this.#drafts.clear();
  }
}
