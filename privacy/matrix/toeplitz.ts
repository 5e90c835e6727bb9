/**
 * Banded Toeplitz factorisations of prefix sums: the matrix mechanism for training.
 *
 * The models of a run are the prefix sums of its updates: A·x, with A the lower triangular matrix of ones. The mechanism
 * releases C·x + z with independent noise z, and computes A·C⁻¹·(C·x + z) = A·(x + C⁻¹·z) from it: each round adds
 * w = C⁻¹·z, whose parts cancel each other in the sums. C is a lower triangular Toeplitz matrix, given by its first column.
 */

/** Which rounds one participant may join. */
export interface ParticipationSchema {
  /** n: number of rounds, from 1. */
  readonly rounds: number;
  /** b: the least distance of two rounds that one participant joins, from 1. */
  readonly minSeparation: number;
  /** k: the most rounds that one participant joins, from 1. */
  readonly maxParticipations: number;
}

/** Bands among which {@link bestBands} chooses: each but the first takes the memory of a model in float64. */
const MOST_BANDS = 32;

/**
 * The first coefficients of the square root of A: 1, 1/2, 3/8, 5/16, …, (2i choose i) / 4^i. Cut off after some bands they
 * are the banded square root of Kalinin and Lampert, 2024, arXiv:2405.13763.
 *
 * @param bands number of coefficients, from 1
 */
export function squareRootBands(bands: number): Float64Array {
  const column = new Float64Array(bands);
  column[0] = 1;
  for (let i = 1; i < bands; i++) column[i] = column[i - 1]! * (2 * i - 1) / (2 * i);
  return column;
}

/** The first column of C⁻¹. @param column the first column of C, with 1 on the diagonal; zero beyond its end */
export function inverseColumn(column: Float64Array, rounds: number): Float64Array {
  const inverse = new Float64Array(rounds);
  inverse[0] = 1;
  for (let t = 1; t < rounds; t++) {
    let sum = 0;
    for (let i = 1; i < column.length && i <= t; i++) sum += column[i]! * inverse[t - i]!;
    inverse[t] = -sum;
  }
  return inverse;
}

/**
 * The sensitivity of C·x: the most by which one participant changes it, in the Euclidean norm, if each of its contributions
 * has a norm of at most 1. Exactly ‖Σ_j C[·, j·b]‖, over the first k columns with distance b: arXiv:2405.13763, theorem 2.
 *
 * @param column the first column of C: not negative, and falling
 */
export function sensitivityOf(column: Float64Array, schema: ParticipationSchema): number {
  const { rounds, minSeparation, maxParticipations } = schema;
  const sum = new Float64Array(rounds);
  for (let j = 0; j < maxParticipations && j * minSeparation < rounds; j++) {
    const start = j * minSeparation;
    for (let i = 0; i < column.length && start + i < rounds; i++) sum[start + i]! += column[i]!;
  }
  return Math.sqrt(sum.reduce((squares, value) => squares + value * value, 0));
}

/**
 * The root of the mean square error of the prefix sums A·C⁻¹·z, for noise z of deviation 1. Times the sensitivity, it
 * compares factorisations of equal ε.
 *
 * @param column the first column of C
 */
export function prefixError(column: Float64Array, rounds: number): number {
  let [prefix, row, total] = [0, 0, 0];
  for (const value of inverseColumn(column, rounds)) {
    prefix += value;
    row += prefix * prefix;
    total += row;
  }
  return Math.sqrt(total / rounds);
}

/** The number of bands with the least error of prefix sums at equal ε, up to 32. */
export function bestBands(schema: ParticipationSchema): number {
  let [best, least] = [1, Infinity];
  for (let bands = 1; bands <= Math.min(schema.rounds, MOST_BANDS); bands++) {
    const column = squareRootBands(bands);
    const error = sensitivityOf(column, schema) * prefixError(column, schema.rounds);
    if (error < least) [best, least] = [bands, error];
  }
  return best;
}
