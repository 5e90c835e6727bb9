import { FlwrError } from "../../../base/error.ts";

/** Limits for the records of one message or state. */
export interface RecordLimits {
  /** Total of names (of records and entries) and byte arrays. */
  readonly entries: number;
  /** Total of integers, booleans, texts and lists. */
  readonly values: number;
  /** Total of floating-point numbers and lengths of axes. */
  readonly numbers: number;
  /** Total bytes of names and texts. */
  readonly textBytes: number;
}

/**
 * Limits for an app's reply, and the same again for its state. Reading this much takes some 30 ms, in which the node does
 * nothing else. Elements of arrays do not count, because they are not read one by one.
 */
export const RECORD_LIMITS: RecordLimits = {
  entries: 110_000,
  values: 250_000,
  numbers: 1_000_000,
  textBytes: 4 * 1024 ** 2,
};

/** Longest name of a record or entry in an app's reply, in characters. */
export const MAX_NAME_LENGTH = 4_096;

/** Most dimensions of an array in an app's reply. */
export const MAX_RANK = 64;

/** The kinds of records; a column has their places in this list. */
export const KINDS = ["arrays", "metrics", "config"] as const;
/** The types of values, likewise. */
export const TYPES = [
  "double",
  "sint64",
  "uint64",
  "double[]",
  "sint64[]",
  "uint64[]",
  "bool",
  "string",
  "bytes",
  "bool[]",
  "string[]",
  "bytes[]",
] as const;

/** The columns, in order, with the bytes of an element. Their element counts (uint32 each) come before them. */
export const COLUMNS = [
  { name: "kinds", bytes: 1 },
  { name: "itemCounts", bytes: 4 },
  { name: "types", bytes: 1 },
  { name: "nameLengths", bytes: 4 },
  { name: "names", bytes: 1 },
  { name: "listLengths", bytes: 4 },
  { name: "doubles", bytes: 8 },
  { name: "integers", bytes: 8 },
  { name: "bools", bytes: 1 },
  { name: "textLengths", bytes: 4 },
  { name: "texts", bytes: 1 },
  { name: "ranks", bytes: 4 },
  { name: "dims", bytes: 8 },
  { name: "dataLengths", bytes: 8 },
] as const;
/** A column's name. */
export type ColumnName = (typeof COLUMNS)[number]["name"];

/** Alignment of columns, in bytes: that of the widest element. */
export const COLUMN_ALIGNMENT = 8;

/** The place of each column in {@link COLUMNS}. */
export const COLUMN_INDEX = Object.fromEntries(
  COLUMNS.map(({ name }, index) => [name, index]),
) as Readonly<Record<ColumnName, number>>;

/**
 * Where each column begins, and where the last one ends, in bytes from the start of the counts.
 *
 * @param counts number of elements of each column
 */
export function placesOf(
  counts: readonly number[],
): { readonly offsets: number[]; readonly end: number } {
  let end = 4 * COLUMNS.length;
  const offsets = COLUMNS.map(({ bytes }, index) => {
    const offset = Math.ceil(end / COLUMN_ALIGNMENT) * COLUMN_ALIGNMENT;
    end = offset + bytes * counts[index]!;
    return offset;
  });
  return { offsets, end };
}

/** The columns that each limit counts. */
const LIMITED: Readonly<Record<keyof RecordLimits, readonly ColumnName[]>> = {
  entries: ["kinds", "nameLengths", "dataLengths"],
  values: ["itemCounts", "types", "listLengths", "integers", "bools", "textLengths"],
  numbers: ["doubles", "ranks", "dims"],
  textBytes: ["names", "texts"],
};

/** @throws FlwrError "resource-exhausted" if the columns have more elements than a limit allows */
export function requireWithin(limits: RecordLimits, count: (name: ColumnName) => number): void {
  for (const what of Object.keys(LIMITED) as (keyof RecordLimits)[]) {
    const there = LIMITED[what].reduce((total, name) => total + count(name), 0);
    if (there <= limits[what]) continue;
    const words = what === "textBytes" ? "bytes of text" : what;
    throw new FlwrError(
      "resource-exhausted",
      `The app's records have ${there} ${words}; the limit is ${limits[what]}`,
      { hints: ["Store many numbers as an array"] },
    );
  }
}

/** The error for columns that `packRecords` did not write. */
export function malformed(cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", "The app's records are malformed", { cause });
}
