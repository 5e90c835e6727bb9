import { FlwrError } from "../../../base/error.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Dataset } from "../../../tensor/dataset.ts";
import type { SplitOptions } from "../split.ts";
import type { TableSchema } from "./schema.ts";

/**
 * What to do with a missing cell: "refuse" the table, "drop" the row, or fill in the "mean" or "median" of the column, the
 * cell above it ("forward", for rows in time order), or a value. Means and medians are for columns of numbers.
 */
export type MissingAction = "refuse" | "drop" | "mean" | "median" | "forward" | {
  readonly value: number | string;
};

/** How a column of texts becomes numbers: a column of 0 and 1 for each category, or one column with its index. */
export type CategoryEncoding = "one-hot" | "codes";

/** A column of categories. */
export interface CategoryOptions {
  /** How it becomes numbers. */
  readonly encoding: CategoryEncoding;
  /**
   * The categories in order; others are refused. Default: those in the file, in ascending order. If all are numbers, two
   * spellings of one number, such as "01" and "1", are one category unless they are named here.
   */
  readonly values?: readonly string[];
}

/** How to read a table as a data set. */
export interface CsvOptions {
  /** The name of the column with the targets. */
  readonly target: string;
  /** The names of the columns with the inputs, in the wanted order; default all others in theirs. */
  readonly inputs?: readonly string[];
  /** Whether targets are classes, named by any text, or numbers; default "classes". */
  readonly targetType?: "classes" | "numbers";
  /**
   * The classes in the order of their labels. Name them where each node has a file of its own, as a class may be missing in
   * one; default those in the file, in ascending order: as numbers if all are. Then two spellings of one number, such as "01"
   * and "1", are one class: name the classes to keep them apart.
   */
  readonly classes?: readonly string[];
  /** Between two cells; default a comma. */
  readonly delimiter?: string;
  /** In front of the decimals of numbers; default ".". Marks between thousands are not read. */
  readonly decimal?: "." | ",";
  /**
   * The text encoding, by its name in the WHATWG Encoding Standard, such as "windows-1252"; default "utf-8". A byte order
   * mark goes before it.
   */
  readonly encoding?: string;
  /**
   * What to do with missing cells: one action for all columns, or one by the column's name; default "refuse". Of a target only
   * "drop" holds: other actions refuse it. "forward" takes the cell of the row above that is not dropped; a missing cell of
   * the first row is refused.
   */
  readonly missing?: MissingAction | Readonly<Record<string, MissingAction>>;
  /** Which cells count as missing; default those of pandas: empty ones, NA, N/A, NaN, None, null and their like. */
  readonly missingCells?: readonly string[];
  /** The inputs that are texts, by their names. */
  readonly categories?: Readonly<Record<string, CategoryEncoding | CategoryOptions>>;
  /**
   * Whether inputs of numbers are standardised: (cell − mean) / standard deviation of their column, as scikit-learn's
   * StandardScaler. True: all of them; or their names. Default: false.
   */
  readonly standardize?: boolean | readonly string[];
  /**
   * How another table was encoded: the `schema` of what was read before, also after JSON. Categories, classes, filled-in
   * values, means and deviations are taken from it, so that all nodes agree. In place of `inputs`, `classes`, `categories`
   * and `standardize`; a table with other columns is refused. So is an action of `missing` for a column whose missing cells
   * the schema fills in, unless it is "mean", "median" or the schema's own value: the schema's value counts.
   */
  readonly schema?: TableSchema;
  /** Divides the rows for training and test. Means, medians and deviations are those of the rows for training. */
  readonly split?: SplitOptions;
}

/** How to read a table without targets, or without using them. */
export type CsvInputsOptions = Omit<CsvOptions, "target" | "targetType" | "classes" | "split">;

/** Either; without `target` the table has inputs alone. */
export type TableOptions = Omit<CsvOptions, "target"> & { readonly target?: string };

/** The inputs of a table. */
export interface TableInputs {
  /** [rows, columns]. */
  readonly x: Tensor<"float32">;
  /** The names of the columns of `x`; of a category in one-hot encoding "column=category". */
  readonly columns: readonly string[];
  /** How the cells became numbers: for {@link CsvOptions.schema} at other nodes and for later data. */
  readonly schema: TableSchema;
}

/** A table as a data set. */
export interface TableDataset extends Dataset, TableInputs {
  /** [rows, columns]. */
  readonly x: Tensor<"float32">;
  /** [rows]: labels (int64), or numbers [rows, 1] (float32). */
  readonly y: Tensor<"int64"> | Tensor<"float32">;
  /** The classes' names; empty where targets are numbers. */
  readonly classes: readonly string[];
}

/** A table whose targets are classes. */
export interface ClassTable extends TableDataset {
  /** [rows]: labels. */
  readonly y: Tensor<"int64">;
}

/** A table whose targets are numbers. */
export interface NumberTable extends TableDataset {
  /** [rows, 1]. */
  readonly y: Tensor<"float32">;
}

/** The kind of table that options ask for. */
export type TableOf<O extends CsvOptions> = O extends { readonly targetType: "numbers" }
  ? NumberTable
  : "targetType" extends keyof O ? O["targetType"] extends "classes" | undefined ? ClassTable
    : TableDataset
  : ClassTable;

/** A table split into training and test data. */
export interface TableSplit<T> {
  /** The rows for training. */
  readonly train: T;
  /** The rows for test. */
  readonly test: T;
}

/** Cells that pandas' `read_csv` takes as missing, after spaces around them were cut off. */
export const MISSING_CELLS: readonly string[] = [
  ...["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"],
  ...["<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"],
];

const ACTIONS: readonly unknown[] = ["refuse", "drop", "mean", "median", "forward"];

/** The action for a column. */
export function missingAction(options: TableOptions, column: string): MissingAction {
  return givenAction(options, column) ?? "refuse";
}

/** The action that the options name for a column, alone or for all; undefined where they name none. */
export function givenAction(options: TableOptions, column: string): MissingAction | undefined {
  const { missing } = options;
  if (missing === undefined || !namesColumns(missing)) {
    return checkAction(missing as MissingAction | undefined);
  }
  return Object.hasOwn(missing, column) ? checkAction(missing[column], column) : undefined;
}

/** Plain JavaScript may pass anything. */
function checkAction(action: MissingAction | undefined, column?: string) {
  const known = action === undefined ||
    (typeof action === "object" && action !== null
      ? Object.keys(action).join() === "value" && ["number", "string"].includes(typeof action.value)
      : ACTIONS.includes(action));
  if (known) return action;
  const which = column === undefined ? "missing" : `missing of column "${column}"`;
  throw invalid(`Option ${which} is ${JSON.stringify(action)}: no such action is known`, [
    `Set one of ${ACTIONS.map((name) => `"${name}"`).join(", ")}, or { value: … }`,
  ]);
}

/** Whether `missing` has an action for each column that it names. */
export function namesColumns(
  missing: CsvOptions["missing"],
): missing is Readonly<Record<string, MissingAction>> {
  return typeof missing === "object" && missing !== null && !isFill(missing);
}

/** Whether `missing` is a value to fill in, and not actions by column. A column may be named "value", too. */
function isFill(missing: object): boolean {
  const [first, ...others] = Object.entries(missing);
  if (first?.[0] !== "value" || others.length > 0) return false;
  return typeof first[1] === "number" ||
    (typeof first[1] === "string" && !ACTIONS.includes(first[1]));
}

/** The error of options that make no sense. */
export function invalid(problem: string, hints: readonly string[] = []): FlwrError {
  return new FlwrError("invalid-argument", problem, { hints });
}
