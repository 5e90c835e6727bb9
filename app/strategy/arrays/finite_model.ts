import { FlwrError } from "../../../base/error.ts";
import { type DType, DTYPES } from "../../../tensor/dtype.ts";
import { firstBeyond } from "../../../tensor/first_not_finite.ts";
import { ConfigRecord } from "../../config_record.ts";
import type { Tensor } from "../../../tensor/tensor.ts";

/**
 * The largest absolute value that stays finite in each type after conversion; the range of other types is a double's.
 */
const LARGEST: Readonly<Partial<Record<DType, number>>> = {
  // Up to halfway to the next power of two, numbers round down to the largest finite one (IEEE 754, 4.3.1).
  float16: 65_519.99999999999,
  float32: 3.4028235677973362e38,
  int64: 2 ** 63,
  uint64: 2 ** 64,
};

/**
 * The element types of a model in its first round. Averages of counters and of scalars are float64, so later models do
 * not show the types to which nodes convert them.
 */
export class ModelTypes {
  readonly #types = new Map<string, DType>();

  /** Records the types of new arrays. In round 1, it first forgets those of an earlier run. */
  record(model: ReadonlyMap<string, Tensor>, round: number): void {
    if (round === 1) this.#types.clear();
    for (const [name, { dtype }] of model) {
      if (!this.#types.has(name)) this.#types.set(name, dtype);
    }
  }

  /** The types, by the arrays' names. */
  save(): ConfigRecord {
    return new ConfigRecord([...this.#types]);
  }

  /** Replaces the types by those that {@link save} returned. @throws FlwrError "invalid-argument" if one is unknown */
  load(saved: ConfigRecord): void {
    const types = [...saved].map(([name, value]) => {
      const dtype = DTYPES.find((known) => known === value);
      if (dtype !== undefined) return [name, dtype] as const;
      throw new FlwrError("invalid-argument", `The type of array "${name}" is unknown: ${value}`, {
        hints: ["The state was saved by another version, or is damaged"],
      });
    });
    this.#types.clear();
    for (const [name, dtype] of types) this.#types.set(name, dtype);
  }

  /**
   * Describes the first element of a model that is not finite, or would not be finite in the nodes' type. Undefined if
   * all are.
   */
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
