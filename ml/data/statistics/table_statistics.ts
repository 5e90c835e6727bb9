import type { Column } from "../csv/cells.ts";
import { checkInputsOptions, checkOptions } from "../csv/check_options.ts";
import { collectParquet, withParquetFile } from "../parquet/read_parquet.ts";
import { readAt } from "../file_io.ts";
import { chunksOf, collectTable } from "../csv/read_csv.ts";
import {
  type CategoryEncoding,
  type CsvOptions,
  invalid,
  missingAction,
  type TableOptions,
} from "../csv/options.ts";
import { range } from "../partition/partitions.ts";
import { divideRows, encodingOf, standardizes } from "../csv/table.ts";

/** Statistics of a column of numbers. */
export interface NumberColumnStatistics {
  /** Name of the column in the table. */
  readonly name: string;
  /** Whether its cells are to be standardised. */
  readonly standardize: boolean;
  /** What its missing cells become: the mean over all nodes, or a number. */
  readonly fill?: "mean" | { readonly value: number };
  /** Number of cells that are not missing, their mean, and the sum of their squared distances from it. Only if needed. */
  readonly cells?: { readonly count: number; readonly mean: number; readonly squares: number };
}

/** Statistics of a column of categories. */
export interface CategoryColumnStatistics {
  /** Name of the column in the table. */
  readonly name: string;
  /** How categories become numbers. */
  readonly encoding: CategoryEncoding;
  /** The categories: those in the options, or those in the table. */
  readonly texts: TextStatistics;
  /** The category of missing cells. */
  readonly fill?: string;
}

/** The texts of a column. */
export interface TextStatistics {
  /** The texts. */
  readonly texts: readonly string[];
  /** Whether the options list them; then all nodes must list the same. */
  readonly listed: boolean;
}

/** Statistics of a node's table, for {@link mergeTableStatistics}: plain data that JSON preserves. */
export interface TableStatistics {
  /** Number of training rows. */
  readonly rows: number;
  /** The input columns, in order. */
  readonly columns: readonly (NumberColumnStatistics | CategoryColumnStatistics)[];
  /** The classes; missing if targets are numbers, or there are none. */
  readonly classes?: TextStatistics;
}

/** Options of {@link tableStatistics}: those of `readCsv` without `schema`. `target` may be left out. */
export type TableStatisticsOptions = Omit<CsvOptions, "schema" | "target"> & {
  /** Name of the column with the targets (default: the table has none). */
  readonly target?: string;
};

/**
 * Computes the statistics of a node's table from which a server makes the encoding that all nodes use. With `split`, they
 * are those of the training rows.
 *
 * They reveal, of this node: the number of training rows; of each column that is to be standardised or whose missing cells
 * become the mean, the number of cells, their mean and their variance; of each column of categories and of the target, which
 * texts occur, unless the options list them. They reveal cells if there are few rows: of two rows, mean and variance give both
 * numbers. A rare text can identify a person.
 *
 * @param path path of a CSV or Parquet file
 * @param options the same options that you give to `readCsv` or `readParquet` later, together with the merged schema where that does not
 * replace them
 * @throws FlwrError as `readCsv`; "invalid-argument" for `missing: "median"`, because medians of nodes do not determine the
 * median of all rows
 * @example
 * ```ts
 * // ClientApp: answers a query with statistics.
 * const statistics = await tableStatistics("patients.csv", { target: "outcome", standardize: true });
 * return { statistics: new ConfigRecord({ json: JSON.stringify(statistics) }) };
 * // ServerApp: merges them, and sends the schema to all nodes.
 * const schema = mergeTableStatistics(replies.map((reply) => reply.content.configRecord("statistics").string("json")));
 * // ClientApp: all nodes encode their tables in the same way.
 * const data = await readCsv("patients.csv", { target: "outcome", schema });
 * ```
 */
export async function tableStatistics(
  path: string,
  options: TableStatisticsOptions = {},
): Promise<TableStatistics> {
  if ("schema" in options && options.schema !== undefined) {
    throw invalid("Option schema is not supported: the statistics serve to make a schema", [
      "Leave it out",
    ]);
  }
  return await withParquetFile(path, async (file) => {
    const isParquet = await startsWith(file, PARQUET_SIGNATURE);
    const format = isParquet ? "Parquet" : "Csv";
    if (options.target === undefined) checkInputsOptions(options, format);
    else checkOptions(options as CsvOptions, format);
    const { inputs, target } = isParquet
      ? await collectParquet(file, options)
      : await collectTable(chunksOf(file), options);
    const divided = target && divideRows(target, options);
    const train = divided?.train ?? range(0, inputs[0]!.values.values.length);
    return {
      rows: train.length,
      columns: inputs.map((column) => columnStatistics(column, train, options)),
      ...(target?.texts && { classes: textsOf(target.texts) }),
    };
  });
}

/** First bytes of a Parquet file; the second part is the beginning of its first page, so that no text has them. */
const PARQUET_SIGNATURE = "PAR1\x15";

async function startsWith(file: Deno.FsFile, signature: string): Promise<boolean> {
  const { size, isFile } = await file.stat();
  if (!isFile || size < signature.length) return false;
  const start = new Uint8Array(signature.length);
  await readAt(file, 0, start);
  await file.seek(0, Deno.SeekMode.Start);
  return String.fromCharCode(...start) === signature;
}

function textsOf({ texts, fixed }: NonNullable<Column["texts"]>): TextStatistics {
  return { texts, listed: fixed };
}

function columnStatistics(
  { name, values: { values }, texts }: Column,
  train: Uint32Array,
  options: TableOptions,
): NumberColumnStatistics | CategoryColumnStatistics {
  const action = missingAction(options, name);
  if (texts !== undefined) {
    const fill = typeof action === "object" ? { fill: String(action.value) } : {};
    return { name, encoding: encodingOf(options, name), texts: textsOf(texts), ...fill };
  }
  if (action === "median") {
    throw invalid(
      `Option missing asks for the median of column "${name}", which statistics of nodes do not determine`,
      ['Set "mean", or { value: … }'],
    );
  }
  const fill = typeof action === "object"
    ? { value: Number(action.value) }
    : action === "mean"
    ? action
    : undefined;
  const standardize = standardizes(options, name);
  const plan = { name, standardize, ...(fill === undefined ? {} : { fill }) };
  if (!standardize && fill !== "mean") return plan;
  return {
    ...plan,
    cells: cellStatistics(values, train, typeof fill === "object" ? fill.value : NaN),
  };
}

/** Count, mean and sum of squared distances from the mean, of the cells that are not NaN after filling in. */
function cellStatistics(values: Float64Array, rows: Uint32Array, fill: number) {
  const cells = Float64Array.from(rows, (row) => Number.isNaN(values[row]) ? fill : values[row]!)
    .filter((cell) => !Number.isNaN(cell));
  const count = cells.length;
  const mean = count === 0 ? 0 : cells.reduce((sum, cell) => sum + cell, 0) / count;
  const squares = cells.reduce((sum, cell) => sum + (cell - mean) ** 2, 0);
  return { count, mean, squares };
}
