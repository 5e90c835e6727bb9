import { FlwrError } from "../../base/error.ts";
import type { TypedArray } from "../../tensor/dtype.ts";
import { cryptoFractions, type RandomFractions } from "../quantize.ts";
import type { RingVector } from "./ring_vector.ts";

/** Elements that are quantised at once. */
const PIECE = 16_384;

/** How numbers become integers. */
export interface Scale {
  /** c: a number is clipped to [−c, c] first. */
  readonly bound: number;
  /** Factor after clipping, 0 to 1. */
  readonly weight: number;
  /** R: c becomes R. */
  readonly quantizationRange: number;
}

/**
 * Quantises numbers: clip(x, c) · weight · R / c, rounded up or down at random, right on average. The result is
 * from −R to R whatever the numbers are.
 *
 * @param trained the numbers
 * @param sent what is subtracted from them first, one for each; undefined: nothing
 * @param target gets the integers from place `at` on
 * @returns how many numbers were clipped: they lose what exceeds c
 * @throws FlwrError "invalid-argument" when a number is not finite
 */
export function quantizeDifference(
  trained: TypedArray | readonly number[],
  sent: TypedArray | undefined,
  { bound, weight, quantizationRange }: Scale,
  target: RingVector,
  at: number,
  random: RandomFractions = cryptoFractions,
): number {
  const factor = weight * (quantizationRange / bound);
  const fractions = new Float64Array(Math.min(PIECE, trained.length));
  let clipped = 0;
  for (let start = 0; start < trained.length; start += PIECE) {
    const end = Math.min(start + PIECE, trained.length);
    random(fractions.subarray(0, end - start));
    for (let i = start; i < end; i++) {
      let value = Number(trained[i]) - (sent === undefined ? 0 : Number(sent[i]));
      if (!(value >= -bound && value <= bound)) {
        if (!Number.isFinite(value)) {
          throw new FlwrError("invalid-argument", `Element ${i} is not a finite number`);
        }
        value = value > 0 ? bound : -bound;
        clipped++;
      }
      const rounded = Math.floor(value * factor + fractions[i - start]!);
      // A product may exceed R by the rounding of doubles.
      const inside = rounded > quantizationRange
        ? quantizationRange
        : rounded < -quantizationRange
        ? -quantizationRange
        : rounded;
      target.set(at + i, inside);
    }
  }
  return clipped;
}
