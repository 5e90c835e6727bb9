import { checkOptionNames, type OptionNames } from "../../../base/option_names.ts";
import { cut, evenCuts, invalid, type Partitions, show } from "./partitions.ts";

/** An id in the data, such as a hospital's name or a user's number. */
export type NaturalId = string | number | bigint | boolean;

/** Partitions by ids in the data. */
export interface NaturalPartitions {
  /** For each partition, the positions of its examples. */
  readonly partitions: Partitions;
  /** For each partition, its ids. */
  readonly ids: readonly (readonly NaturalId[])[];
}

/**
 * Makes one partition for each id, like Flower Datasets' NaturalIdPartitioner. The ids are in ascending order, the
 * examples of a partition in the order of the data.
 *
 * @param ids id of each example, all of one type
 * @throws FlwrError "invalid-argument" when there are no examples, and for an id that is missing or of another type
 * @example
 * ```ts
 * const { partitions, ids } = partitionNaturalId(hospitalOfExample);
 * const own = selectPartition(train, partitions, ids.findIndex(([id]) => id === "Ulm"));
 * ```
 */
export function partitionNaturalId(ids: ArrayLike<NaturalId>): NaturalPartitions {
  const groups = [...positionsById(ids)].sort(([a], [b]) => compare(a, b));
  return {
    partitions: groups.map(([, positions]) => Uint32Array.from(positions)),
    ids: groups.map(([id]) => [id]),
  };
}

/**
 * Action for the ids that are left over if the number of ids is not a multiple of the group's size: "allow-smaller":
 * they form a smaller group; "allow-bigger": the first groups have one more; "drop-reminder": they are unused;
 * "strict": an error.
 */
export type GroupMode = "allow-smaller" | "allow-bigger" | "drop-reminder" | "strict";

/** Options of {@link partitionGroupedNaturalId}. */
export interface GroupedNaturalIdOptions {
  /** Number of ids of a partition, at least 1. */
  readonly groupSize: number;
  /** Action for the ids that are left over (default "allow-smaller"). */
  readonly mode?: GroupMode;
  /** Whether ids are grouped in ascending order (default false: in the order of their first examples). */
  readonly sortUniqueIds?: boolean;
}

const NAMES: OptionNames<GroupedNaturalIdOptions> = {
  groupSize: true,
  mode: true,
  sortUniqueIds: true,
};
const MODES: readonly unknown[] = ["allow-smaller", "allow-bigger", "drop-reminder", "strict"];

/**
 * Makes one partition for each group of ids, like Flower Datasets' GroupedNaturalIdPartitioner. The examples of a
 * partition are in the order of their ids.
 *
 * @param ids id of each example, all of one type
 * @throws FlwrError "invalid-argument" for options out of range, and when the ids cannot be grouped as the mode demands
 */
export function partitionGroupedNaturalId(
  ids: ArrayLike<NaturalId>,
  options: GroupedNaturalIdOptions,
): NaturalPartitions {
  checkOptionNames("partitionGroupedNaturalId", options, NAMES);
  const { groupSize, mode = "allow-smaller", sortUniqueIds = false } = options;
  if (!Number.isSafeInteger(groupSize) || groupSize < 1) {
    throw invalid(`Option groupSize must be an integer of at least 1: got ${show(groupSize)}`);
  }
  if (!MODES.includes(mode)) {
    throw invalid(`Option mode must be one of ${MODES.join(", ")}: got ${show(mode)}`);
  }
  if (typeof sortUniqueIds !== "boolean") {
    throw invalid(`Option sortUniqueIds must be true or false: got ${show(sortUniqueIds)}`);
  }
  const found = [...positionsById(ids)];
  if (sortUniqueIds) found.sort(([a], [b]) => compare(a, b));
  const { length } = found;
  if (groupSize > length && mode !== "allow-smaller") {
    throw invalid(
      `Option groupSize is ${groupSize}, but the data has only ${length} different ids`,
      ['Use a smaller groupSize, or mode: "allow-smaller"'],
    );
  }
  const [whole, left] = [Math.floor(length / groupSize), length % groupSize];
  if (mode === "strict" && left > 0) {
    throw invalid(
      `${length} ids cannot be divided into groups of ${groupSize}: ${left} would be left`,
      ['Use another groupSize, or mode: "allow-smaller"'],
    );
  }
  const cuts = mode === "allow-bigger"
    ? evenCuts(length, whole)
    : Array.from({ length: Math.ceil(length / groupSize) - 1 }, (_, i) => (i + 1) * groupSize);
  const groups = cut(found, cuts).slice(0, mode === "drop-reminder" ? whole : undefined);
  return {
    partitions: groups.map((group) => Uint32Array.from(group.flatMap(([, rows]) => rows))),
    ids: groups.map((group) => group.map(([id]) => id)),
  };
}

/** The positions of each id's examples, in order of first appearance. */
function positionsById(ids: ArrayLike<NaturalId>): Map<NaturalId, number[]> {
  if (!(ids.length > 0)) throw invalid("There are no ids to partition by");
  const type = typeof ids[0];
  const groups = new Map<NaturalId, number[]>();
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    const sound = typeof id === type && ["string", "number", "bigint", "boolean"].includes(type) &&
      !Number.isNaN(id);
    if (!sound) {
      throw invalid(
        `The id of example ${i} is ${show(id)}: all must be texts, or all must be numbers`,
        ["Leave examples without an id out, or give them an id of their own"],
      );
    }
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [i]);
    else group.push(i);
  }
  return groups;
}

/** Ascending: numbers by value, texts by their UTF-16 units. */
function compare(a: NaturalId, b: NaturalId): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
