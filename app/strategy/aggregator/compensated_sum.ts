import type { TypedArray } from "../../../tensor/dtype.ts";
import { zerosInNpy } from "../../../tensor/npy.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { detach } from "../../message_memory.ts";
import { averagedDType } from "../arrays/weighted_average.ts";

/**
 * A sum of weighted arrays whose result does not depend on their order: each element is a double and the error that its
 * additions have made so far (TwoSum: Knuth, The Art of Computer Programming 2, 4.2.2, theorem B). For float32 arrays
 * the error is a float32, together about 77 bits and 12 bytes for each element; for others a double, together 106 bits.
 *
 * The order could show only where the sum cancels so far that the remaining bits do not determine the result's type.
 */
export class CompensatedSum {
  readonly #like: Tensor;
  readonly #sum: Float64Array;
  readonly #error: Float32Array | Float64Array;

  /** @param like determines shape and type of the result */
  constructor(like: Tensor) {
    const { length } = like.data;
    this.#like = like;
    this.#sum = new Float64Array(length);
    const isShort = averagedDType(like.dtype, like.shape.length) !== "float64";
    this.#error = isShort ? new Float32Array(length) : new Float64Array(length);
  }

  /** Adds weight · data, each product rounded to a double. */
  add(data: TypedArray, weight: number): void {
    const [sum, error] = [this.#sum, this.#error];
    if (data instanceof Float32Array && error instanceof Float32Array) {
      return add32(sum, error, data, weight);
    }
    for (let i = 0; i < sum.length; i++) {
      const term = weight * Number(data[i]!);
      const old = sum[i]!;
      const next = old + term;
      const part = next - old;
      error[i]! += (old - (next - part)) + (term - part);
      sum[i] = next;
    }
  }

  /** The sum divided by a number, in the type of an average. The sum ends with it. */
  divided(divisor: number): Tensor {
    const { dtype, shape } = this.#like;
    const result = zerosInNpy(averagedDType(dtype, shape.length), shape);
    const [sum, error, data] = [this.#sum, this.#error, result.data];
    for (let i = 0; i < data.length; i++) data[i] = (sum[i]! + error[i]!) / divisor;
    // Three times the memory of a float32 result, which the next one needs.
    for (const { buffer } of [sum, error]) detach(buffer);
    return result;
  }
}

/** A fast path for the most common type: one loop over arrays of known types. */
function add32(
  sum: Float64Array,
  error: Float32Array,
  data: Float32Array,
  weight: number,
): void {
  for (let i = 0; i < sum.length; i++) {
    const term = weight * data[i]!;
    const old = sum[i]!;
    const next = old + term;
    const part = next - old;
    error[i] = error[i]! + ((old - (next - part)) + (term - part));
    sum[i] = next;
  }
}
