import { FlwrError } from "../base/error.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Gives random numbers in [0, 1). */
export type Uniform = () => number;

/** Random numbers that are drawn at once: WebCrypto gives at most 65,536 bytes in a call. */
const DRAWN = 16_384;

/** Numbers in [0, 1) with 32 random bits of the platform's cryptographic generator. Fast enough for each element. */
export function cryptoUniform(): Uniform {
  const drawn = new Uint32Array(DRAWN);
  let used = DRAWN;
  return () => {
    if (used === DRAWN) {
      crypto.getRandomValues(drawn);
      used = 0;
    }
    return drawn[used++]! / 2 ** 32;
  };
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
 * @returns how many elements were clipped: their surplus is lost
 * @throws FlwrError "invalid-argument" when an element is not finite
 */
export function quantize(
  { data, dtype }: Tensor,
  factor: number,
  { clippingRange, quantizationRange }: Quantization,
  target: Int32Array,
  offset: number,
  uniform: Uniform,
): number {
  const isSingle = dtype === "float32" || dtype === "float16";
  const round = isSingle ? Math.fround : same;
  const [scale, limit] = [round(factor), round(clippingRange)];
  const quantizer = round(quantizationRange / (2 * clippingRange));
  let clipped = 0;
  for (let i = 0; i < data.length; i++) {
    let value = round(Number(data[i]!) * scale);
    if (!(value >= -limit && value <= limit)) {
      if (!Number.isFinite(value)) {
        throw new FlwrError("invalid-argument", `Element ${i} is not a finite number`);
      }
      value = value > limit ? limit : -limit;
      clipped++;
    }
    const exact = round(round(value + limit) * quantizer);
    const up = Math.ceil(exact);
    target[offset + i] = uniform() < up - exact ? up - 1 : up;
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
