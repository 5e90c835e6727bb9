import { FlwrError } from "../base/error.ts";
import { decodeNpy, npyOf, zerosInNpy } from "../tensor/npy.ts";
import { elementCount } from "../tensor/tensor.ts";

/** How many elements arrays of these shapes have together. */
export function totalElements(shapes: readonly (readonly number[])[]): number {
  return shapes.reduce((sum, shape) => sum + elementCount(shape), 0);
}

/**
 * A vector of integers below a modulus as .npy files of int64, one for each shape.
 *
 * @param vector integers modulo 2³², in the arrays' order
 * @param modulus a power of two up to 2³²; the vector is reduced by it
 */
export function encodeInt64Arrays(
  vector: Int32Array,
  shapes: readonly (readonly number[])[],
  modulus: number,
): Uint8Array<ArrayBuffer>[] {
  const bits = (modulus - 1) | 0;
  let at = 0;
  return shapes.map((shape) => {
    const count = elementCount(shape);
    const zeros = zerosInNpy("int64", shape);
    const words = new Int32Array(zeros.data.buffer, zeros.data.byteOffset, 2 * count);
    spread(vector.subarray(at, at + count), bits, words);
    at += count;
    return npyOf(zeros)!;
  });
}

/**
 * Adds the arrays of {@link encodeInt64Arrays} to a vector, modulo 2³².
 *
 * @param vector changed in place, also where the arrays are refused: check them first, or drop it
 * @throws FlwrError "invalid-argument" when they are not as many, of other shapes or another type, or an element is not
 *   from 0 to modulus − 1
 */
export function addInt64Arrays(
  vector: Int32Array,
  arrays: readonly Uint8Array[],
  shapes: readonly (readonly number[])[],
  modulus: number,
): void {
  const words = int64Words(arrays, shapes, modulus);
  let at = 0;
  for (const array of words) {
    const count = array.length / 2;
    addLowWords(vector.subarray(at, at + count), array);
    at += count;
  }
}

/** Writes numbers as the lower halves of others. */
function spread(numbers: Int32Array, bits: number, words: Int32Array): void {
  for (let i = 0; i < numbers.length; i++) words[2 * i] = numbers[i]! & bits;
}

/** Adds the lower halves of numbers. */
function addLowWords(sums: Int32Array, words: Int32Array): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i]! + words[2 * i]!) | 0;
}

/** All bits outside of a modulus that a number has. */
function bitsOutside(words: Int32Array, outside: number): number {
  let above = 0;
  for (let i = 0; i < words.length; i += 2) above |= words[i + 1]! | (words[i]! & outside);
  return above;
}

/** The arrays as pairs of 32-bit words, the low one first, all checked. */
function int64Words(
  arrays: readonly Uint8Array[],
  shapes: readonly (readonly number[])[],
  modulus: number,
): Int32Array[] {
  if (arrays.length !== shapes.length) {
    throw refused(`${arrays.length} arrays, expected ${shapes.length}`);
  }
  return arrays.map((bytes, index) => {
    const { dtype, shape, data } = decodeNpy(bytes);
    const expected = shapes[index]!;
    if (dtype !== "int64") throw refused(`array ${index} has type ${dtype}, expected int64`);
    if (shape.length !== expected.length || shape.some((axis, i) => axis !== expected[i])) {
      throw refused(`array ${index} has shape [${shape}], expected [${expected}]`);
    }
    const words = new Int32Array(data.buffer as ArrayBuffer, data.byteOffset, 2 * data.length);
    if (bitsOutside(words, ~(modulus - 1)) !== 0) {
      throw refused(`array ${index} has an element that is not from 0 to ${modulus - 1}`);
    }
    return words;
  });
}

function refused(what: string): FlwrError {
  return new FlwrError("invalid-argument", `The masked vector has ${what}`);
}
