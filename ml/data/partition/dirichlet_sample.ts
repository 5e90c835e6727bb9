import type { Random } from "../../../base/random.ts";
import { invalid, show } from "./partitions.ts";

/**
 * A sample of the Dirichlet distribution: shares with a sum of one.
 *
 * @param alpha concentrations, each above 0
 */
export function sampleDirichlet(alpha: readonly number[], random: Random): number[] {
  // Computed as logarithms, because with small concentrations all gamma samples are too small to represent.
  const logs = alpha.map((shape) => sampleLogGamma(shape, random));
  const largest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The logarithm of a gamma-distributed sample with scale 1 (Marsaglia and Tsang, 2000). */
function sampleLogGamma(shape: number, random: Random): number {
  // Their section 6: a sample for shape + 1, times a uniform sample to the power of 1 / shape.
  if (shape < 1) return sampleLogGamma(shape + 1, random) + Math.log(positive(random)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = sampleNormal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(positive(random)) < x * x / 2 + d - d * v + d * Math.log(v)) {
      return Math.log(d * v);
    }
  }
}

/** A sample of the standard normal distribution (Box and Muller, 1958). */
export function sampleNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(positive(random))) * Math.cos(2 * Math.PI * random.uniform());
}

/** A number in (0, 1], whose logarithm is finite. */
function positive(random: Random): number {
  return 1 - random.uniform();
}

/**
 * The concentrations of a Dirichlet distribution: one for all, or one for each.
 *
 * @throws FlwrError "invalid-argument" unless they are numbers above 0, and as many as needed
 */
export function concentrations(
  alpha: number | readonly number[],
  count: number,
  of: "partitions" | "classes",
): readonly number[] {
  const all = typeof alpha === "number" ? Array<number>(count).fill(alpha) : alpha;
  const sound = Array.isArray(all) && all.length === count &&
    all.every((value) => value > 0 && Number.isFinite(value));
  if (sound) return all;
  throw invalid(
    `Option alpha must be a number above 0, or one for each of ${count} ${of}: got ${show(alpha)}`,
  );
}
