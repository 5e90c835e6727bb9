import { FlwrError } from "../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../base/option_names.ts";
import { seededRandom } from "../../base/random.ts";
import type { Dataset } from "../../tensor/dataset.ts";
import {
  DEFAULT_SEED,
  type Labels,
  positionsByLabel,
  range,
  shuffle,
} from "./partition/partitions.ts";
import { requireRows, selectExamples } from "./select_examples.ts";

/** Options of splitting examples into training and test data. */
export interface SplitOptions {
  /** Share of the examples for test, above 0 and below 1; rounded up to whole examples, as in scikit-learn. */
  readonly testFraction: number;
  /** The same seed gives the same split (default 42). */
  readonly seed?: number;
  /**
   * Whether the last examples become the test data, for examples in time order (default false: they are drawn at
   * random). Cannot be combined with `seed` or `stratify`.
   */
  readonly chronological?: boolean;
  /** Whether each class has the same share in both parts, as closely as possible (default false). */
  readonly stratify?: boolean;
}

/** The positions for training and for test, each in ascending order. */
export interface SplitPositions {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/**
 * Splits a data set into training and test data, at random unless it is `chronological`. The rows are copied and keep
 * their order.
 *
 * @returns the training and the test data, with all other properties of the data set
 * @throws FlwrError "invalid-argument" when the fraction is out of range, one part would be empty, or inputs, targets
 * and weights differ in their number of examples; for `stratify`, when targets are not classes or a class has a single
 * example
 * @example
 * ```ts
 * const { train, test } = trainTestSplit(await readImageFolder("leaves"), { testFraction: 0.2, stratify: true });
 * ```
 */
export function trainTestSplit<D extends Dataset>(
  dataset: D,
  options: SplitOptions,
): { readonly train: D; readonly test: D } {
  requireRows(dataset);
  const { dtype, shape, data } = dataset.y;
  if (options.stratify === true && (dtype.startsWith("float") || shape.length !== 1)) {
    throw invalid(
      `Option stratify needs targets that are labels [examples]: got ${dtype} [${shape}]`,
      [
        "Leave out stratify for targets that are numbers",
      ],
    );
  }
  const { train, test } = splitPositions(dataset.x.shape[0] ?? 0, options, data);
  return { train: selectExamples(dataset, train), test: selectExamples(dataset, test) };
}

const NAMES: OptionNames<SplitOptions> = {
  testFraction: true,
  seed: true,
  chronological: true,
  stratify: true,
};
/** Hints for names of scikit-learn. */
const ELSEWHERE = {
  test_size: "Use the option testFraction",
  testSize: "Use the option testFraction",
  trainFraction: "Use the option testFraction, the share for test",
  random_state: "Use the option seed",
  randomState: "Use the option seed",
  shuffle: "Set chronological: true in place of shuffle: false",
};

/**
 * Checks the options of a split.
 *
 * @throws FlwrError "invalid-argument" for options that are unknown, have the wrong type, or exclude each other
 */
function checkSplit(options: SplitOptions): void {
  checkOptionNames("The split", options, NAMES, ELSEWHERE);
  const { testFraction, seed, chronological } = options;
  if (!(typeof testFraction === "number" && testFraction > 0 && testFraction < 1)) {
    throw invalid(
      testFraction === undefined
        ? "Option testFraction is missing: set it to a number above 0 and below 1"
        : `Option testFraction must be a number above 0 and below 1: got ${show(testFraction)}`,
      testFraction >= 1 ? ["It is a share of the examples, such as 0.2, not a count"] : [],
    );
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    throw invalid(`Option seed must be a whole number: got ${show(seed)}`);
  }
  for (const name of ["chronological", "stratify"] as const) {
    if (["undefined", "boolean"].includes(typeof options[name])) continue;
    throw invalid(`Option ${name} must be true or false: got ${show(options[name])}`);
  }
  if (chronological !== true) return;
  const unused = options.stratify === true ? "stratify" : seed === undefined ? undefined : "seed";
  if (unused === undefined) return;
  throw invalid(
    `Option chronological selects the last examples for test, so it cannot be combined with ${unused}`,
    [
      `Leave out ${unused}, or leave out chronological to draw the examples at random`,
    ],
  );
}

/** A short form of a value from plain JavaScript. */
function show(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return JSON.stringify(value)?.slice(0, 60) ?? typeof value;
}

function invalid(problem: string, hints: readonly string[] = []): FlwrError {
  return new FlwrError("invalid-argument", problem, { hints });
}

/** Like {@link trainTestSplit}, but returns positions only. @param labels required for a stratified split */
export function splitPositions(
  examples: number,
  options: SplitOptions,
  labels: Labels,
): SplitPositions {
  checkSplit(options);
  const { testFraction, seed = DEFAULT_SEED, stratify = false, chronological = false } = options;
  // 0.1 · 30 is slightly more than 3 in floating point.
  const wanted = Math.ceil(testFraction * examples - 1e-9);
  if (wanted < 1 || wanted >= examples) {
    throw invalid(
      `Option testFraction of ${testFraction} leaves no examples for ${
        wanted < 1 ? "test" : "training"
      }: the data set has ${examples}`,
    );
  }
  if (chronological) {
    return { train: range(0, examples - wanted), test: range(examples - wanted, examples) };
  }
  const random = seededRandom(seed);
  const groups = stratify
    ? positionsByLabel(labels).map((positions) => Uint32Array.from(positions))
    : [range(0, examples)];
  const single = stratify && groups.length > 1 && groups.find(({ length }) => length === 1);
  if (single) {
    throw invalid(
      `Option stratify needs two examples of each class: label ${labels[single[0]!]} has one`,
      ["Leave out stratify, or leave that class out of the data"],
    );
  }
  const counts = testCounts(groups.map(({ length }) => length), wanted, examples);
  const isTest = new Uint8Array(examples);
  for (const [i, group] of groups.entries()) {
    for (const position of shuffle(group, random).subarray(0, counts[i])) isTest[position] = 1;
  }
  const all = range(0, examples);
  return {
    train: all.filter((position) => isTest[position] === 0),
    test: all.filter((position) => isTest[position] === 1),
  };
}

/** Number of test examples per group: its share rounded down, plus one for the groups with the largest remainder. */
function testCounts(sizes: readonly number[], wanted: number, examples: number): number[] {
  const shares = sizes.map((size) => size * wanted / examples);
  const counts = shares.map(Math.floor);
  const order = shares.map((share, i) => ({ i, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  let left = wanted - counts.reduce((sum, count) => sum + count, 0);
  for (const { i } of order) if (left-- > 0) counts[i]! += 1;
  return counts;
}
