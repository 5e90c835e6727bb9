import { FlwrError } from "../base/error.ts";
import { KIND } from "./brand.ts";

/** A number, or a list of numbers, that travels as floating point even where it is whole. See {@link float}. */
export class Float {
  /** What it is, also for another copy of this module. */
  readonly [KIND] = "Float";
  /** The number or numbers. */
  readonly value: number | readonly number[];

  /** {@link float} is the short way. */
  constructor(value: number | readonly number[]) {
    this.value = value;
  }
}

/**
 * Makes a number that is sent as a double. JavaScript does not tell 1 from 1.0 but Python does, and a whole number in a
 * record travels as an integer otherwise.
 *
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
