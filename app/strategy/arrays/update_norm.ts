import type { TypedArray } from "../../../tensor/dtype.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { elementwise, mapModel } from "./elementwise.ts";
import { knownLargestValue, largestValue } from "./largest_value.ts";
import { SimdRows } from "./simd.ts";

/**
 * The Euclidean norm of an update: of all differences between a node's model and the model sent, over all arrays
 * together. It is infinite only if a difference or the norm itself exceeds double precision.
 *
 * @param sent the global model
 * @param scratch memory that can be reused for the next norm
 * @param trained the node's model, or some of its arrays, with the same names and shapes
 */
export function updateNorm(
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
  scratch: SimdRows = normScratch(),
): number {
  let squares = 0;
  for (const [name, { data }] of trained) {
    squares += squaredDistance(originOf(sent, name, data), data, scratch);
  }
  if (squares < Infinity) return Math.sqrt(squares);
  const largest = largestDifference(sent, trained);
  if (!(largest < Infinity)) return Infinity;
  // The squares exceeded the range of doubles. So the sum is computed in units of the largest difference.
  squares = 0;
  for (const [name, { data: own }] of trained) {
    const data = originOf(sent, name, own);
    for (let i = 0; i < data.length; i++) {
      squares += ((Number(own[i]!) - Number(data[i]!)) / largest) ** 2;
    }
  }
  return largest * Math.sqrt(squares);
}

/** The array that was sent. Zeros if it was not sent or had another size, for example if replies are not models. */
function originOf(
  sent: ReadonlyMap<string, Tensor>,
  name: string,
  own: TypedArray,
): TypedArray {
  const data = sent.get(name)?.data;
  return data?.length === own.length ? data : new Float64Array(own.length);
}

/**
 * An upper bound of an update's norm, computed faster than the norm: from the number of elements and the largest
 * absolute value of each array. Infinity or NaN if there is no bound.
 *
 * @param sent the global model, whose largest values are remembered
 */
export function updateNormBound(
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
): number {
  let squares = 0;
  for (const [name, { data }] of trained) {
    const from = sent.get(name);
    const largest = largestValue(data) + (from === undefined ? 0 : knownLargestValue(from.data));
    squares += data.length * largest * largest;
  }
  // The factor covers the rounding of these steps.
  return Math.sqrt(squares) * (1 + 1e-9);
}

/** The sum of the squared differences of two arrays of the same length, in double precision. */
export function squaredDistance(
  a: TypedArray,
  b: TypedArray,
  scratch: SimdRows = normScratch(),
): number {
  if (a instanceof Float32Array && b instanceof Float32Array) {
    return squaredDistance32(a, b, scratch);
  }
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Number(b[i]!) - Number(a[i]!);
    sum += difference * difference;
  }
  return sum;
}

/** Memory for the blocks of two arrays, which stay in a core's L1 cache. */
export function normScratch(): SimdRows {
  return new SimdRows(2, 2048);
}

/** Number of elements from which creating vectors for {@link SimdRows} pays off. */
const SIMD_FROM = 2 ** 16;

function squaredDistance32(a: Float32Array, b: Float32Array, scratch: SimdRows): number {
  if (a.length < SIMD_FROM) return smallSquaredDistance32(a, b);
  const [left, right] = scratch.rows as [Float32Array, Float32Array];
  const { length } = scratch;
  let sum = 0;
  const whole = a.length - a.length % length;
  for (let start = 0; start < whole; start += length) {
    left.set(a.subarray(start, start + length));
    right.set(b.subarray(start, start + length));
    sum += scratch.squaredDistance(0, 1, length);
  }
  return sum + smallSquaredDistance32(a.subarray(whole), b.subarray(whole));
}

/** With four sums, so no addition waits for the previous one. */
function smallSquaredDistance32(a: Float32Array, b: Float32Array): number {
  let [w, x, y, z] = [0, 0, 0, 0];
  const whole = a.length - a.length % 4;
  for (let i = 0; i < whole; i += 4) {
    w += (b[i]! - a[i]!) * (b[i]! - a[i]!);
    x += (b[i + 1]! - a[i + 1]!) * (b[i + 1]! - a[i + 1]!);
    y += (b[i + 2]! - a[i + 2]!) * (b[i + 2]! - a[i + 2]!);
    z += (b[i + 3]! - a[i + 3]!) * (b[i + 3]! - a[i + 3]!);
  }
  for (let i = whole; i < a.length; i++) w += (b[i]! - a[i]!) * (b[i]! - a[i]!);
  return w + x + y + z;
}

function largestDifference(
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
): number {
  let largest = 0;
  for (const [name, { data: own }] of trained) {
    const data = originOf(sent, name, own);
    for (let i = 0; i < data.length; i++) {
      largest = Math.max(largest, Math.abs(Number(own[i]!) - Number(data[i]!)));
    }
  }
  return largest;
}

/** A node's model with its update scaled by a factor: sent + factor · (trained − sent), in double precision. */
export function scaleUpdate(
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
  factor: number,
): Map<string, Tensor> {
  return mapModel(trained, (name, own) => {
    const { data } = sent.get(name)!;
    return elementwise(own, (i) => {
      const from = Number(data[i]!);
      return from + factor * (Number(own.data[i]!) - from);
    });
  });
}
