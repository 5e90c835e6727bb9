import { FlwrError } from "../../base/error.ts";
import type { Quantization } from "../quantize.ts";

/** Largest modulus: vectors are computed modulo 2³². */
export const MAX_MODULUS = 2 ** 32;

/** What a round's server and nodes agree on. */
export interface RoundSettings extends Quantization {
  /** N: nodes that were asked. */
  readonly sampleNum: number;
  /** Shares that each secret is cut into: a node's neighbours, itself among them. */
  readonly shareNum: number;
  /** Shares that give a secret back. */
  readonly threshold: number;
  /** M: vectors are summed modulo M, a power of two. */
  readonly modulus: number;
  /** The number of examples that counts as 1; no node may have more. */
  readonly maxWeight: number;
}

/**
 * Checks that a round's settings give a sum that is right and secret.
 *
 * @param settings whose numbers are finite
 * @throws FlwrError "invalid-argument" naming the setting, its value and what it must be
 */
export function checkRoundSettings(settings: RoundSettings): void {
  const { sampleNum, shareNum, threshold, quantizationRange, modulus } = settings;
  const refuse = (name: string, value: number, expected: string) => {
    throw new FlwrError("invalid-argument", `SecAgg+: ${name} is ${value}, expected ${expected}`);
  };
  if (!(sampleNum >= 2)) refuse("sample_num", sampleNum, "at least 2 nodes");
  if (!(threshold >= 2)) refuse("threshold", threshold, "at least 2: one share must tell nothing");
  if (!(threshold <= shareNum)) {
    refuse("threshold", threshold, `at most share_num, which is ${shareNum}`);
  }
  if (!(settings.clippingRange > 0)) {
    refuse("clipping_range", settings.clippingRange, "a number above 0");
  }
  if (!(settings.maxWeight > 0)) refuse("max_weight", settings.maxWeight, "a number above 0");
  if (!(quantizationRange >= 1)) refuse("target_range", quantizationRange, "at least 1");
  if (!(modulus >= 4 && modulus <= MAX_MODULUS && Number.isInteger(Math.log2(modulus)))) {
    refuse("mod_range", modulus, "a power of two from 4 to 2^32");
  }
  if (!(sampleNum * quantizationRange < modulus)) {
    const most = Math.floor((modulus - 1) / sampleNum);
    refuse(
      "target_range",
      quantizationRange,
      `at most ${most}: the sum of ${sampleNum} nodes must stay below mod_range, which is ${modulus}`,
    );
  }
}
