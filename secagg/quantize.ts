import { lazy } from "../base/lazy.ts";
import { FlwrError } from "../base/error.ts";
import type { TypedArray } from "../tensor/dtype.ts";
import { QUANTIZE_PLACES, QUANTIZED_BLOCK, quantizeProgram } from "./quantize_program.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Fills an array with random numbers in [0, 1), in order. */
export type RandomFractions = (fractions: Float64Array) => void;

/** Fractions that are drawn at once: WebCrypto gives at most 65,536 bytes in a call. */
const DRAWN = 16_384;

/**
 * Numbers with 32 random bits of the platform's cryptographic generator. {@link quantize} takes 24 bits for float32, whose
 * numbers have no more.
 */
export function cryptoFractions(fractions: Float64Array): void {
  const words = new Uint32Array(Math.min(DRAWN, fractions.length));
  for (let at = 0; at < fractions.length; at += DRAWN) {
    const count = Math.min(DRAWN, fractions.length - at);
    crypto.getRandomValues(words);
    for (let i = 0; i < count; i++) fractions[at + i] = words[i]! / 2 ** 32;
  }
}

/** How real numbers become integers. */
export interface Quantization {
  /** c: a number is clipped to [−c, c]. */
  readonly clippingRange: number;
  /** R: [−c, c] becomes the integers from 0 to R. From 1 to 2³⁰. */
  readonly quantizationRange: number;
}

/**
 * Quantises a tensor as Flower does: (clip(x · factor) + c) · R / 2c, rounded up with a probability equal to the
 * fraction, else down. float32 computes in float32, other types in double; float16 in float32, where Flower overflows.
 *
 * @param factor what the elements are multiplied by first
 * @param target gets the integers
 * @param offset where in `target` they begin
 * @param random decides what is rounded up: what is below an element's distance to the next integer goes down
 * @returns how many elements were clipped: their surplus is lost
 * @throws FlwrError "invalid-argument" when an element is not finite
 */
export function quantize(
  { data, dtype }: Tensor,
  factor: number,
  { clippingRange, quantizationRange }: Quantization,
  target: Int32Array,
  offset: number,
  random: RandomFractions,
): number {
  const isSingle = dtype === "float32" || dtype === "float16";
  const round = isSingle ? Math.fround : same;
  const numbers = {
    scale: round(factor),
    limit: round(clippingRange),
    quantizer: round(quantizationRange / (2 * clippingRange)),
  };
  if (data instanceof Float32Array && random === cryptoFractions) {
    return quantizeFast(data, numbers, target.subarray(offset, offset + data.length));
  }
  const fractions = new Float64Array(Math.min(DRAWN, data.length));
  let clipped = 0;
  for (let at = 0; at < data.length; at += DRAWN) {
    const count = Math.min(DRAWN, data.length - at);
    const thresholds = fractions.subarray(0, count);
    random(thresholds);
    const from = data.subarray(at, at + count);
    const to = target.subarray(offset + at, offset + at + count);
    const found = from instanceof Float32Array
      ? quantizeSingle(from, numbers, to, thresholds)
      : quantizeAny(from, numbers, to, thresholds, round);
    if (found < 0) throw notFinite(at - found - 1);
    clipped += found;
  }
  return clipped;
}

/** What elements are computed with, rounded to their type. */
interface Numbers {
  readonly scale: number;
  readonly limit: number;
  readonly quantizer: number;
}

/** Its memory is all zeros between two calls. */
const program = lazy(quantizeProgram);

/** {@link quantizeSingle} with {@link cryptoFractions} of 24 bits. */
function quantizeFast(
  from: Float32Array,
  { scale, limit, quantizer }: Numbers,
  to: Int32Array,
): number {
  const { memory, quantize } = program();
  const floats = new Float32Array(memory.buffer, QUANTIZE_PLACES.elements, QUANTIZED_BLOCK);
  const integers = new Int32Array(memory.buffer, QUANTIZE_PLACES.elements, QUANTIZED_BLOCK);
  const words = new Uint32Array(memory.buffer, QUANTIZE_PLACES.words, QUANTIZED_BLOCK);
  let clipped = 0;
  try {
    for (let at = 0; at < from.length; at += QUANTIZED_BLOCK) {
      const part = from.subarray(at, at + QUANTIZED_BLOCK);
      const count = Math.ceil(part.length / 4) * 4;
      floats.fill(0, part.length, count);
      floats.set(part);
      crypto.getRandomValues(words.subarray(0, count));
      quantize(count, scale, limit, quantizer);
      const odd = new Int32Array(memory.buffer, QUANTIZE_PLACES.odd, 4);
      if (odd.some((lane) => lane !== 0)) {
        throw notFinite(at + part.findIndex((x) => !Number.isFinite(Math.fround(x * scale))));
      }
      clipped += new Int32Array(memory.buffer, QUANTIZE_PLACES.clipped, 4)
        .reduce((sum, lane) => sum + lane);
      to.set(integers.subarray(0, part.length), at);
    }
  } finally {
    new Uint8Array(memory.buffer).fill(0);
  }
  return clipped;
}

function notFinite(at: number): FlwrError {
  return new FlwrError("invalid-argument", `Element ${at} is not a finite number`);
}

/** {@link quantizeAny} for the usual type, three times as fast. */
function quantizeSingle(
  from: Float32Array,
  { scale, limit, quantizer }: Numbers,
  to: Int32Array,
  thresholds: Float64Array,
): number {
  const fround = Math.fround;
  let clipped = 0;
  for (let i = 0; i < from.length; i++) {
    let value = fround(from[i]! * scale);
    if (!(value >= -limit && value <= limit)) {
      if (!Number.isFinite(value)) return -i - 1;
      value = value > limit ? limit : -limit;
      clipped++;
    }
    const exact = fround(fround(value + limit) * quantizer);
    const up = Math.ceil(exact);
    to[i] = thresholds[i]! < up - exact ? up - 1 : up;
  }
  return clipped;
}

/** @returns how many elements were clipped; −i − 1 where element i is not finite */
function quantizeAny(
  from: TypedArray,
  { scale, limit, quantizer }: Numbers,
  to: Int32Array,
  thresholds: Float64Array,
  round: (value: number) => number,
): number {
  let clipped = 0;
  for (let i = 0; i < from.length; i++) {
    let value = round(Number(from[i]!) * scale);
    if (!(value >= -limit && value <= limit)) {
      if (!Number.isFinite(value)) return -i - 1;
      value = value > limit ? limit : -limit;
      clipped++;
    }
    const exact = round(round(value + limit) * quantizer);
    const up = Math.ceil(exact);
    to[i] = thresholds[i]! < up - exact ? up - 1 : up;
  }
  return clipped;
}

function same(value: number): number {
  return value;
}

/** A number rounded to an integer, halves to the even one, as Python's `round` does. @param value at least 0 */
export function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest < 0.5 || rest === 0.5 && down % 2 === 0 ? down : down + 1;
}

/**
 * A node's weight in the sum: q = round(r · R), halves to the even number, where r is its number of examples / maxWeight.
 *
 * @param numExamples from 0 to maxWeight
 */
export function quantizedWeight(
  numExamples: number,
  { maxWeight, quantizationRange }: { maxWeight: number; quantizationRange: number },
): number {
  return roundHalfEven(numExamples / maxWeight * quantizationRange);
}
