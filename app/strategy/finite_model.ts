import type { DType } from "../../tensor/dtype.ts";
import { firstBeyond } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** The largest absolute value that each type holds after conversion; other types hold what a double does. */
const LARGEST: Readonly<Partial<Record<DType, number>>> = {
  // Halfway to the next power of two still rounds down to the largest number (IEEE 754, 4.3.1).
  float16: 65_519.99999999999,
  float32: 3.4028235677973362e38,
  int64: 2 ** 63,
  uint64: 2 ** 64,
};

/**
 * The element types of a model as its first round had them. Averages of counters and of scalars are float64, so later
 * models do not say what the nodes convert them to.
 */
export class ModelTypes {
  readonly #types = new Map<string, DType>();

  /** Learns the types of a model's arrays that are new here; those of round 1 replace what an earlier run left. */
  learn(model: ReadonlyMap<string, Tensor>, round: number): void {
    if (round === 1) this.#types.clear();
    for (const [name, { dtype }] of model) {
      if (!this.#types.has(name)) this.#types.set(name, dtype);
    }
  }

  /** Names the first element of a model that is not finite, or would not be in the nodes' type; undefined if all are. */
  notFinite(model: ReadonlyMap<string, Tensor>): string | undefined {
    for (const [name, { data, dtype }] of model) {
      const type = this.#types.get(name) ?? dtype;
      const largest = LARGEST[type] ?? Number.MAX_VALUE;
      const place = firstBeyond(data, largest);
      if (place === undefined) continue;
      return `array "${name}", element ${place} would be ${data[place]}` +
        (Number.isFinite(data[place]) ? `, too large for ${type}` : "");
    }
    return undefined;
  }
}
