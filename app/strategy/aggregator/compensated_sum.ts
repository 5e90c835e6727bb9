import type { TypedArray } from "../../../tensor/dtype.ts";
import { zerosInNpy } from "../../../tensor/npy.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { detach } from "../../message_memory.ts";
import { averagedDType } from "../arrays/weighted_average.ts";

/** Base-2 logarithm of the number of elements whose errors are stored together. */
const GROUP_BITS = 4;
const GROUP = 2 ** GROUP_BITS;

/**
 * A sum of weighted arrays whose result does not depend on their order: each element is a double and the rounding error
 * of its additions so far (TwoSum: Knuth, The Art of Computer Programming 2, 4.2.2, theorem B). For float32 arrays the
 * error is a float32, together about 77 bits; for others a double, together 106 bits.
 *
 * Sums of a few float32 numbers with small weights are mostly exact. So errors are stored in groups, only for groups
 * that have one: a float32 element takes 8 to 12 bytes.
 *
 * The order could matter only where terms cancel so much that the remaining bits do not determine the rounded result.
 */
export class CompensatedSum {
  readonly #like: Tensor;
  readonly #sum: Float64Array;
  /** For each group of elements, the number of its group of errors, from 1. 0: no errors. */
  readonly #groups: Uint32Array;
  /**
   * The groups of errors, one after another, allocated as needed. The memory after the last one is never touched, so
   * the system does not provide it.
   */
  readonly #errors: Float32Array | Float64Array;
  #used = 0;

  /** @param like determines shape and type of the result */
  constructor(like: Tensor) {
    const { length } = like.data;
    this.#like = like;
    this.#sum = new Float64Array(length);
    this.#groups = new Uint32Array(Math.ceil(length / GROUP));
    const isShort = averagedDType(like.dtype, like.shape.length) !== "float64";
    const most = this.#groups.length * GROUP;
    this.#errors = isShort ? new Float32Array(most) : new Float64Array(most);
  }

  /** Adds weight · data, each product rounded to a double. */
  add(data: TypedArray, weight: number): void {
    const [sum, errors] = [this.#sum, this.#errors];
    if (data instanceof Float32Array && errors instanceof Float32Array) {
      return this.#add32(errors, data, weight);
    }
    for (let i = 0; i < sum.length; i++) {
      const term = weight * Number(data[i]!);
      const old = sum[i]!;
      const next = old + term;
      const part = next - old;
      const error = (old - (next - part)) + (term - part);
      sum[i] = next;
      if (error === 0) continue;
      const group = this.#groups[i >>> GROUP_BITS] ||= ++this.#used;
      errors[((group - 1) << GROUP_BITS) + (i & (GROUP - 1))]! += error;
    }
  }

  /** The sum divided by a number, in the type of an average. Call it once: it releases the sum. */
  divided(divisor: number): Tensor {
    const { dtype, shape } = this.#like;
    const result = zerosInNpy(averagedDType(dtype, shape.length), shape);
    const [sum, groups, errors, data] = [this.#sum, this.#groups, this.#errors, result.data];
    for (let i = 0; i < data.length; i++) {
      const group = groups[i >>> GROUP_BITS]!;
      const error = group === 0 ? 0 : errors[((group - 1) << GROUP_BITS) + (i & (GROUP - 1))]!;
      data[i] = (sum[i]! + error) / divisor;
    }
    // This frees two to three times the memory of a float32 result, which the next sum needs.
    for (const { buffer } of [sum, groups, errors]) detach(buffer);
    return result;
  }

  /** A fast path for the most common type: one loop over arrays of known types. */
  #add32(errors: Float32Array, data: Float32Array, weight: number): void {
    const [sum, groups] = [this.#sum, this.#groups];
    let used = this.#used;
    for (let i = 0; i < sum.length; i++) {
      const term = weight * data[i]!;
      const old = sum[i]!;
      const next = old + term;
      const part = next - old;
      const error = (old - (next - part)) + (term - part);
      sum[i] = next;
      if (error === 0) continue;
      let group = groups[i >>> GROUP_BITS]!;
      if (group === 0) groups[i >>> GROUP_BITS] = group = ++used;
      const place = ((group - 1) << GROUP_BITS) + (i & (GROUP - 1));
      errors[place] = errors[place]! + error;
    }
    this.#used = used;
  }
}
