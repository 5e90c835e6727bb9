import type { OptionNames } from "../../../base/option_names.ts";
import { seededRandom } from "../../../base/random.ts";
import {
  checkPartitionOptions,
  cut,
  DEFAULT_SEED,
  evenCuts,
  invalid,
  PARTITION_OPTION_NAMES,
  type PartitionOptions,
  range,
  runningSums,
  show,
  shuffle,
} from "./partitions.ts";

/** For each partition, the names of its columns. */
export type ColumnPartitions = readonly (readonly string[])[];

/**
 * Which partition has the active party's columns: the first, the last, a further one at the start or end, all, or one
 * by its number, from 0.
 */
export type ActivePartyColumnsMode =
  | "add_to_first"
  | "add_to_last"
  | "create_as_first"
  | "create_as_last"
  | "add_to_all"
  | number;

/** Options of {@link partitionVerticalEven} and {@link partitionVerticalSize}. */
export interface VerticalOptions extends PartitionOptions {
  /** Columns of the party that has the targets, such as the targets. */
  readonly activePartyColumns?: string | readonly string[];
  /** Which partition has them (default "add_to_last"). */
  readonly activePartyColumnsMode?: ActivePartyColumnsMode;
  /** Columns that no partition has. */
  readonly dropColumns?: string | readonly string[];
  /** Columns that all partitions have, such as the ids by which rows are joined. */
  readonly sharedColumns?: string | readonly string[];
}

const NAMES: OptionNames<VerticalOptions> = {
  activePartyColumns: true,
  activePartyColumnsMode: true,
  dropColumns: true,
  sharedColumns: true,
  ...PARTITION_OPTION_NAMES,
};
const MODES: readonly unknown[] = [
  ...["add_to_first", "add_to_last", "create_as_first", "create_as_last", "add_to_all"],
];

/**
 * Divides the columns of a table evenly, like Flower Datasets' VerticalEvenPartitioner: in random order unless `shuffle`
 * is false, and the first partitions have one more if the number is not divisible.
 *
 * @param columns names of the table's columns
 * @returns for each partition, the names of its columns, which `readCsv` takes as its option `inputs`
 * @throws FlwrError "invalid-argument" for options out of range, unknown columns, and more partitions than columns
 */
export function partitionVerticalEven(
  columns: readonly string[],
  partitions: number,
  options: VerticalOptions = {},
): ColumnPartitions {
  return divideColumns("partitionVerticalEven", columns, options, (count) => {
    if (!Number.isSafeInteger(partitions) || partitions < 1 || partitions > count) {
      throw invalid(
        `Number of partitions must be from 1 to the number of columns to divide, ${count}: ` +
          `got ${show(partitions)}`,
      );
    }
    return evenCuts(count, partitions);
  });
}

/**
 * Divides the columns of a table by given sizes, like Flower Datasets' VerticalSizePartitioner.
 *
 * @param columns names of the table's columns
 * @param partitionSizes numbers of columns that sum to the number of columns to divide; or fractions that sum to 1,
 * rounded down to whole columns, of which the last partition takes the rest
 * @returns for each partition, the names of its columns
 * @throws FlwrError "invalid-argument" for options out of range, unknown columns, another sum, and an empty partition
 */
export function partitionVerticalSize(
  columns: readonly string[],
  partitionSizes: readonly number[],
  options: VerticalOptions = {},
): ColumnPartitions {
  return divideColumns(
    "partitionVerticalSize",
    columns,
    options,
    (count) => runningSums(columnCounts(partitionSizes, count)).slice(0, -1),
  );
}

function columnCounts(sizes: readonly number[], count: number): readonly number[] {
  const sound = Array.isArray(sizes) && sizes.length > 0 && sizes.every((size) => size > 0);
  if (!sound) {
    throw invalid(`Sizes of partitions must be a list of numbers above 0: got ${show(sizes)}`);
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.every(Number.isSafeInteger)) {
    if (total === count) return sizes;
    throw invalid(`Sizes of partitions sum to ${total}, but there are ${count} columns to divide`);
  }
  if (sizes.some((size) => size > 1) || Math.abs(total - 1) > 1e-6) {
    throw invalid(
      `Sizes of partitions must be integers, or fractions that sum to 1: got ${show(sizes)}`,
    );
  }
  const counts = sizes.slice(0, -1).map((size) => Math.floor(size * count));
  counts.push(count - counts.reduce((sum, size) => sum + size, 0));
  const empty = counts.findIndex((size) => size < 1);
  if (empty === -1) return counts;
  throw invalid(`Partition ${empty + 1} would have no columns: ${sizes[empty]} of ${count}`);
}

function divideColumns(
  of: string,
  columns: readonly string[],
  options: VerticalOptions,
  cutsFor: (count: number) => number[],
): ColumnPartitions {
  checkPartitionOptions(of, options, NAMES);
  if (!Array.isArray(columns) || !columns.every((name) => typeof name === "string")) {
    throw invalid(`Columns must be a list of names: got ${show(columns)}`);
  }
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i);
  if (repeated !== undefined) throw invalid(`Column ${show(repeated)} occurs twice`);
  const taken = new Map<string, string>();
  const named = (option: "activePartyColumns" | "dropColumns" | "sharedColumns") => {
    const value: unknown = options[option] ?? [];
    const names: unknown[] = Array.isArray(value) ? value : [value];
    return names.map((name) => {
      if (typeof name !== "string" || !columns.includes(name)) {
        throw invalid(`Option ${option} names a column that does not exist: ${show(name)}`);
      }
      const other = taken.get(name);
      if (other !== undefined) throw invalid(`Column ${show(name)} is in ${other} and ${option}`);
      taken.set(name, option);
      return name;
    });
  };
  const [active, shared] = [named("activePartyColumns"), named("sharedColumns")];
  named("dropColumns");
  const divided = columns.filter((name) => !taken.has(name));
  const order = range(0, divided.length);
  if (options.shuffle ?? true) shuffle(order, seededRandom(options.seed ?? DEFAULT_SEED));
  const parts = cut([...order].map((i) => divided[i]!), cutsFor(divided.length));
  const mode = options.activePartyColumnsMode ?? "add_to_last";
  return addActive(parts, active, mode).map((part) => [...part, ...shared]);
}

function addActive(
  parts: string[][],
  active: readonly string[],
  mode: ActivePartyColumnsMode,
): string[][] {
  const isNumber = Number.isSafeInteger(mode) && Number(mode) >= 0 && Number(mode) < parts.length;
  if (!isNumber && !MODES.includes(mode)) {
    throw invalid(
      `Option activePartyColumnsMode must be one of ${MODES.join(", ")}, or from 0 to ` +
        `${parts.length - 1}: got ${show(mode)}`,
    );
  }
  if (mode === "create_as_first") return [[...active], ...parts];
  if (mode === "create_as_last") return [...parts, [...active]];
  const chosen = mode === "add_to_first" ? 0 : mode === "add_to_last" ? parts.length - 1 : mode;
  return parts.map((part, i) =>
    chosen === "add_to_all" || chosen === i ? [...part, ...active] : part
  );
}
