import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Doubles by parameter name and position, which a strategy keeps from round to round. Zero at first.
 *
 * A round works on a draft. The strategy keeps the draft when the round's model is finite, and drops it otherwise, so that
 * one bad reply cannot spoil later rounds.
 */
export class Moments {
  readonly #kept = new Map<string, Float64Array>();
  readonly #drafts = new Map<string, Float64Array>();

  /** The draft of a tensor's doubles, to read and to change. */
  of(name: string, { data }: Tensor): Float64Array {
    const draft = this.#drafts.get(name);
    if (draft !== undefined) return draft;
    const kept = this.#kept.get(name);
    // Another model under the same name begins with zeros.
    const fresh = kept?.length === data.length ? kept.slice() : new Float64Array(data.length);
    this.#drafts.set(name, fresh);
    return fresh;
  }

  /** Names the first number of the drafts that is not finite; undefined if all are. */
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

  /** The drafts are what the next round begins with. */
  keep(): void {
    for (const [name, values] of this.#drafts) this.#kept.set(name, values);
    this.#drafts.clear();
  }

  /** Forgets everything: another run begins. */
  clear(): void {
    this.#kept.clear();
    this.#drafts.clear();
  }

  /** The next round, or another try of this one, begins with what was kept. */
  drop(): void {
    this.#drafts.clear();
  }
}
