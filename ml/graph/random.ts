import { FlwrError } from "../../base/error.ts";
import { mixBits } from "../../base/random.ts";
import { showShape } from "./shape.ts";
import { node, type Value } from "./value.ts";

/** The factor of a `uniform`'s key for element i. */
export function elementBits(i: number, salt: number): number {
  return mixBits(mixBits(i) + mixBits(salt));
}

/**
 * Random float32 numbers from [0, 1).
 *
 * @param key a uint32 scalar of well-mixed bits that changes from step to step
 * @param salt distinguishes several such arrays in one step
 */
export function uniform(key: Value, salt: number, shape: readonly number[]): Value {
  if (key.dtype !== "uint32" || key.shape.length > 0) {
    throw new FlwrError(
      "invalid-argument",
      `The key of random numbers must be a uint32 scalar: got ${key.dtype} ${showShape(key.shape)}`,
    );
  }
  return node("uniform", { salt }, [key], shape, "float32");
}
