import { type Entropy, uniform } from "../../privacy/noise/entropy.ts";

/**
 * Draws a batch: each example takes part with a probability, independently of the others.
 *
 * @param count number of examples to draw from
 * @param rate the probability, above 0 and at most 1
 * @returns the positions of the examples, ascending
 */
export function poissonBatch(count: number, rate: number, entropy: Entropy): number[] {
  if (rate === 1) return Array.from({ length: count }, (_, i) => i);
  const drawn: number[] = [];
  const scale = Math.log1p(-rate);
  // The number of examples between two that take part has a geometric distribution.
  for (let at = -1;;) {
    at += 1 + Math.floor(Math.log(uniform(entropy)) / scale);
    if (at >= count) return drawn;
    drawn.push(at);
  }
}

/** Most examples in one pass: more are not faster, and need memory for their gradients. */
const MOST_ROWS = 128;
/** What a pass costs besides its rows, in rows. */
const PASS_COST = 8;
/** Standard deviations above the mean that a batch hardly ever exceeds: one of a billion. */
const RARE = 6;

function deviationOf(count: number, expected: number): number {
  return Math.sqrt(expected * (1 - expected / count));
}

/**
 * Most rows of a pass that has as many rows as examples. Nearly every batch fits into one pass, unless batches are large. A
 * batch that has more examples takes several passes, so no example is left out.
 *
 * @param count number of examples to draw from
 * @param expected the mean size of a batch
 */
export function mostRowsPerPass(count: number, expected: number): number {
  if (expected === count) return Math.ceil(count / Math.ceil(count / MOST_ROWS));
  const most = Math.ceil(expected + RARE * deviationOf(count, expected));
  return Math.min(MOST_ROWS, most, count);
}

/**
 * Number of rows of each pass if all passes have as many, so that batches of random sizes cost least. A batch that has more
 * examples takes several passes.
 *
 * @param count number of examples to draw from
 * @param expected the mean size of a batch
 */
export function rowsPerPass(count: number, expected: number): number {
  const most = mostRowsPerPass(count, expected);
  if (expected === count) return most;
  const deviation = deviationOf(count, expected);
  let [best, least] = [1, Infinity];
  for (let rows = 1; rows <= most; rows++) {
    const cost = meanPasses(expected, deviation, rows) * (rows + PASS_COST);
    if (cost < least) [best, least] = [rows, cost];
  }
  return best;
}

/** The examples of each pass over a batch: about as many in each, and one pass without examples for an empty batch. */
export function passesOf(batch: readonly number[], mostRows: number): number[][] {
  const passes = Math.max(1, Math.ceil(batch.length / mostRows));
  const rows = Math.ceil(batch.length / passes);
  return Array.from({ length: passes }, (_, i) => batch.slice(i * rows, (i + 1) * rows));
}

/** The mean of ⌈n / rows⌉, at least 1, for n from a normal distribution. */
function meanPasses(mean: number, deviation: number, rows: number): number {
  const [from, to] = [
    Math.max(0, Math.floor(mean - 4 * deviation)),
    Math.ceil(mean + 4 * deviation),
  ];
  let [total, weights] = [0, 0];
  for (let n = from; n <= to; n++) {
    const weight = Math.exp(-(((n - mean) / deviation) ** 2) / 2);
    total += weight * Math.max(1, Math.ceil(n / rows));
    weights += weight;
  }
  return total / weights;
}
