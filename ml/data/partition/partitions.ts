import { FlwrError } from "../../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../../base/option_names.ts";
import { type Random, seededRandom } from "../../../base/random.ts";

/** For each partition, the positions of its examples in the data set. */
export type Partitions = readonly Uint32Array[];

/** Labels of a data set: integers of any dtype, such as the data of its `y`. */
export type Labels = ArrayLike<number | bigint>;

/** Options of all partitioners. */
export interface PartitionOptions {
  /** Whether each partition's examples are in random order (default true). */
  readonly shuffle?: boolean;
  /** The same seed gives the same partitions (default 42, as in Flower Datasets). */
  readonly seed?: number;
}

/** The default seed. */
export const DEFAULT_SEED = 42;

/**
 * Checks a number of partitions.
 *
 * @throws FlwrError "invalid-argument" unless it is an integer from 1 to the number of examples
 */
export function checkPartitionCount(examples: number, partitions: number): void {
  if (!Number.isSafeInteger(partitions) || partitions < 1 || partitions > examples) {
    throw new FlwrError(
      "invalid-argument",
      `Number of partitions must be from 1 to the number of examples ${examples}: got ${partitions}`,
    );
  }
}

/** The positions from `start` to `end` (exclusive). */
export function range(start: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - start }, (_, i) => start + i);
}

/** Shuffles an array in place (Fisher and Yates). */
export function shuffle(values: Uint32Array, random: Random): Uint32Array {
  for (let last = values.length - 1; last > 0; last--) {
    const other = Math.floor(random.uniform() * (last + 1));
    const kept = values[last]!;
    values[last] = values[other]!;
    values[other] = kept;
  }
  return values;
}

/** The positions of each class's examples; classes are in ascending order of their labels. */
export function positionsByLabel(labels: Labels): number[][] {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const label = Number(labels[i]!);
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [i]);
    else group.push(i);
  }
  return [...groups].toSorted(([a], [b]) => a - b).map(([, positions]) => positions);
}

/** Appends values to a list. A spread call would overflow the stack for classes with very many examples. */
export function append(list: number[], values: readonly number[]): void {
  for (const value of values) list.push(value);
}

/** Cuts a list at the given positions. */
export function cut<T>(values: readonly T[], places: readonly number[]): T[][] {
  return [...places, values.length].map((end, i) =>
    values.slice(i === 0 ? 0 : places[i - 1]!, end)
  );
}

/**
 * The positions at which to cut a list into equal parts. If the length is not divisible, the first parts are one
 * longer.
 */
export function evenCuts(length: number, parts: number): number[] {
  const [size, longer] = [Math.floor(length / parts), length % parts];
  return Array.from({ length: parts - 1 }, (_, i) => (i + 1) * size + Math.min(i + 1, longer));
}

/** Divides all positions at the given places, in random order unless `shuffle` is false. */
export function divide(
  examples: number,
  cuts: readonly number[],
  { shuffle: shuffled = true, seed = DEFAULT_SEED }: PartitionOptions,
): Uint32Array[] {
  const all = range(0, examples);
  if (shuffled) shuffle(all, seededRandom(seed));
  return [...cuts, examples].map((end, i) => all.slice(i === 0 ? 0 : cuts[i - 1]!, end));
}

/** The names of {@link PartitionOptions}. */
export const PARTITION_OPTION_NAMES: OptionNames<PartitionOptions> = { shuffle: true, seed: true };

/**
 * Checks the names of a partitioner's options, and those that all have.
 *
 * @throws FlwrError "invalid-argument" that names the option and its value
 */
export function checkPartitionOptions<O extends PartitionOptions>(
  of: string,
  options: O,
  known: OptionNames<O>,
): void {
  checkOptionNames(of, options, known);
  const { shuffle, seed } = options;
  if (shuffle !== undefined && typeof shuffle !== "boolean") {
    throw invalid(`Option shuffle must be true or false: got ${show(shuffle)}`);
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    throw invalid(`Option seed must be a whole number: got ${show(seed)}`);
  }
}

/**
 * Checks the sizes of partitions.
 *
 * @returns their sum
 * @throws FlwrError "invalid-argument" unless they are integers above 0 that sum to at most the number of examples
 */
export function checkPartitionSizes(sizes: readonly number[], examples: number): number {
  const sound = Array.isArray(sizes) && sizes.length > 0 &&
    sizes.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!sound) {
    throw invalid(`Sizes of partitions must be a list of integers above 0: got ${show(sizes)}`);
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= examples) return total;
  throw invalid(
    `Sizes of partitions sum to ${total}, but the data set has ${examples} examples`,
    ["Use smaller or fewer partitions"],
  );
}

/** The running sums of numbers. */
export function runningSums(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => sum += value);
}

/** A short form of a value from plain JavaScript. */
export function show(value: unknown): string {
  const text = typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : JSON.stringify(value) ?? typeof value;
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

/** An error about a partitioner's options or data. */
export function invalid(problem: string, hints: readonly string[] = []): FlwrError {
  return new FlwrError("invalid-argument", problem, { hints });
}
