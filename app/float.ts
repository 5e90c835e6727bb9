import { FlwrError } from "../base/error.ts";
import { KIND } from "./brand.ts";

/** A number or a list of numbers that is sent as floating point even if it is an integer. See {@link float}. */
export class Float {
  /** The class of the object, which other copies of this module recognise. */
  readonly [KIND] = "Float";
  /** The number or numbers. */
  readonly value: number | readonly number[];

  /** Wraps a number or numbers; {@link float} is shorter and checks them. */
  constructor(value: number | readonly number[]) {
    this.value = value;
  }
}

/**
 * Marks a number that is sent as a double. JavaScript does not distinguish 1 from 1.0, but Python does: integers in a
 * record are otherwise sent as integers.
 *
 * @param value a number or a list of numbers
 * @throws FlwrError "invalid-argument" when a value is not a number
 * @example
 * ```ts
 * new ConfigRecord({ "learning-rate": float(1) });
 * ```
 */
export function float(value: number | readonly number[]): Float {
  const numbers = typeof value === "number" ? [value] : value;
  for (const number of numbers) {
    if (typeof number !== "number") {
      throw new FlwrError("invalid-argument", `A float must be a number: got ${typeof number}`);
    }
  }
  return new Float(typeof value === "number" ? value : [...value]);
}
