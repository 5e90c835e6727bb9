import { FlwrError } from "../../../base/error.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Dataset } from "../../../tensor/dataset.ts";
import type { SplitOptions } from "../split.ts";
import type { TableSchema } from "./schema.ts";

/**
 * Action for a missing cell: "refuse" the table, "drop" the row, or fill in the "mean" or "median" of the column, the
 * cell above it ("forward", for rows in time order), or a value. "mean" and "median" need a column of numbers.
 */
export type MissingAction = "refuse" | "drop" | "mean" | "median" | "forward" | {
  readonly value: number | string;
};

/** Encoding of a column of texts: one column of 0 and 1 per category, or one column with the category's index. */
export type CategoryEncoding = "one-hot" | "codes";

/** Options of a column of categories. */
export interface CategoryOptions {
  /** How categories become numbers. */
  readonly encoding: CategoryEncoding;
  /**
   * The categories in order; others are refused (default: those in the file, in ascending order). If all are numbers,
   * two spellings of one number, such as "01" and "1", are one category unless you list them here.
   */
  readonly values?: readonly string[];
}

/** Options of {@link readCsv}. */
export interface CsvOptions {
  /** Name of the column with the targets. */
  readonly target: string;
  /** Names of the input columns, in the order of `x` (default: all other columns in the file's order). */
  readonly inputs?: readonly string[];
  /** Whether targets are classes, named by any text, or numbers (default "classes"). */
  readonly targetType?: "classes" | "numbers";
  /**
   * The classes in the order of their labels (default: those in the file, in ascending order, as numbers if all are
   * numbers). List them if each node has its own file, because a class may be missing in one. By default two spellings
   * of one number, such as "01" and "1", are one class: list the classes to keep them apart.
   */
  readonly classes?: readonly string[];
  /** Text between two cells (default a comma). */
  readonly delimiter?: string;
  /** Decimal mark of numbers (default "."). Thousands separators are not supported. */
  readonly decimal?: "." | ",";
  /**
   * Text encoding, by its name in the WHATWG Encoding Standard, such as "windows-1252" (default "utf-8"). A byte order
   * mark in the file overrides it.
   */
  readonly encoding?: string;
  /**
   * Actions for missing cells: one for all columns, or one per column name (default "refuse"). For the target only
   * "drop" is possible; with other actions its missing cells are refused. "forward" uses the cell of the previous row
   * that was not dropped; a missing cell in the first row is refused.
   */
  readonly missing?: MissingAction | Readonly<Record<string, MissingAction>>;
  /** Cells that count as missing (default: those of pandas: empty ones, NA, N/A, NaN, None, null and similar ones). */
  readonly missingCells?: readonly string[];
  /** Encodings of the input columns that are texts, by column name. */
  readonly categories?: Readonly<Record<string, CategoryEncoding | CategoryOptions>>;
  /**
   * Whether to standardise input columns of numbers: (cell − mean) / standard deviation of their column, like
   * scikit-learn's StandardScaler. True: all of them; or a list of names (default false).
   */
  readonly standardize?: boolean | readonly string[];
  /**
   * Encoding of another table: the `schema` of an earlier result, which may have been saved as JSON. It determines
   * categories, classes, filled-in values, means and deviations, so that all nodes agree, and replaces `inputs`,
   * `classes`, `categories` and `standardize`. A table with other columns is refused. For a column whose missing cells
   * the schema fills in, only the actions "mean", "median" and the schema's own value are possible; the schema's value
   * is used.
   */
  readonly schema?: TableSchema;
  /** Splits the rows for training and test. Means, medians and deviations are computed from the training rows. */
  readonly split?: SplitOptions;
}

/** Options of {@link readCsvInputs}: a table without targets, or whose targets are not read. */
export type CsvInputsOptions = Omit<CsvOptions, "target" | "targetType" | "classes" | "split">;

/** Options of both readers; without `target` the table has inputs only. */
export type TableOptions = Omit<CsvOptions, "target"> & { readonly target?: string };

/** The inputs of a table. */
export interface TableInputs {
  /** float32 [rows, columns]. */
  readonly x: Tensor<"float32">;
  /** Names of the columns of `x`; "column=category" for one-hot encoded categories. */
  readonly columns: readonly string[];
  /** The encoding of the cells: pass it as {@link CsvOptions.schema} at other nodes and for later data. */
  readonly schema: TableSchema;
}

/** A table as a data set. */
export interface TableDataset extends Dataset, TableInputs {
  /** float32 [rows, columns]. */
  readonly x: Tensor<"float32">;
  /** Labels, int64 [rows], or numbers, float32 [rows, 1]. */
  readonly y: Tensor<"int64"> | Tensor<"float32">;
  /** Names of the classes; empty if targets are numbers. */
  readonly classes: readonly string[];
}

/** A table whose targets are classes. */
export interface ClassTable extends TableDataset {
  /** Labels, int64 [rows]. */
  readonly y: Tensor<"int64">;
}

/** A table whose targets are numbers. */
export interface NumberTable extends TableDataset {
  /** Numbers, float32 [rows, 1]. */
  readonly y: Tensor<"float32">;
}

/** The type of table for given options. */
export type TableOf<O extends CsvOptions> = O extends { readonly targetType: "numbers" }
  ? NumberTable
  : "targetType" extends keyof O ? O["targetType"] extends "classes" | undefined ? ClassTable
    : TableDataset
  : ClassTable;

/** A table split into training and test data. */
export interface TableSplit<T> {
  /** The training rows. */
  readonly train: T;
  /** The test rows. */
  readonly test: T;
}

/** Cells that count as missing in pandas' `read_csv`, without surrounding spaces. */
export const MISSING_CELLS: readonly string[] = [
  ...["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"],
  ...["<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"],
];

const ACTIONS: readonly unknown[] = ["refuse", "drop", "mean", "median", "forward"];

/** The action for a column. */
export function missingAction(options: TableOptions, column: string): MissingAction {
  return givenAction(options, column) ?? "refuse";
}

/** The action that the options set for a column, by its name or for all columns; undefined if they set none. */
export function givenAction(options: TableOptions, column: string): MissingAction | undefined {
  const { missing } = options;
  if (missing === undefined || !namesColumns(missing)) {
    return checkAction(missing as MissingAction | undefined);
  }
  return Object.hasOwn(missing, column) ? checkAction(missing[column], column) : undefined;
}

/** Checks an action: callers in plain JavaScript can pass anything. */
function checkAction(action: MissingAction | undefined, column?: string) {
  const known = action === undefined ||
    (typeof action === "object" && action !== null
      ? Object.keys(action).join() === "value" && ["number", "string"].includes(typeof action.value)
      : ACTIONS.includes(action));
  if (known) return action;
  const which = column === undefined ? "missing" : `missing of column "${column}"`;
  throw invalid(`Option ${which} is ${JSON.stringify(action)}: unknown action`, [
    `Set one of ${ACTIONS.map((name) => `"${name}"`).join(", ")}, or { value: … }`,
  ]);
}

/** Whether `missing` has one action per named column. */
export function namesColumns(
  missing: CsvOptions["missing"],
): missing is Readonly<Record<string, MissingAction>> {
  return typeof missing === "object" && missing !== null && !isFill(missing);
}

/** Whether `missing` is a value to fill in rather than actions by column. A column can also have the name "value". */
function isFill(missing: object): boolean {
  const [first, ...others] = Object.entries(missing);
  if (first?.[0] !== "value" || others.length > 0) return false;
  return typeof first[1] === "number" ||
    (typeof first[1] === "string" && !ACTIONS.includes(first[1]));
}

/** An error about invalid options. */
export function invalid(problem: string, hints: readonly string[] = []): FlwrError {
  return new FlwrError("invalid-argument", problem, { hints });
}
