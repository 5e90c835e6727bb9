import { fileError, parseFile } from "../read_bytes.ts";
import { checkInputsOptions, checkOptions } from "../csv/check_options.ts";
import { collect } from "../csv/collect.ts";
import {
  type CsvInputsOptions,
  type CsvOptions,
  invalid,
  type TableDataset,
  type TableInputs,
  type TableOf,
  type TableOptions,
  type TableSplit,
} from "../csv/options.ts";
import { checkSchema } from "../csv/schema.ts";
import { buildInputs, buildTables, type Collected } from "../csv/table.ts";

/** Options of {@link readParquet}: those of `readCsv`, except the ones for text files. */
export type ParquetOptions = Omit<CsvOptions, "delimiter" | "decimal" | "encoding">;

/** Options of {@link readParquetInputs}: a table without targets, or whose targets are not read. */
export type ParquetInputsOptions = Omit<CsvInputsOptions, "delimiter" | "decimal" | "encoding">;

/**
 * Reads a Parquet file as a data set, with the options and rules of `readCsv`. A schema of one reader can be used with the
 * other. It reads in pieces and needs 8 bytes of memory per selected cell in addition to the data set.
 *
 * Columns have numbers, booleans (0 and 1) or texts. Cells are missing if they are null or NaN, and those that
 * {@link CsvOptions.missingCells} lists (default: none). Lists, structures, dates and bytes are refused in the columns
 * that are read. So is the column that pandas writes for its index, unless `inputs` leaves it out.
 *
 * Compression: none, Snappy, gzip, Zstandard or Brotli.
 *
 * @param path path of the file
 * @returns the data set, or `{ train, test }` with the option `split`
 * @throws FlwrError as `readCsv`, "invalid-argument" for a damaged file, "unimplemented" for another kind of column or
 * compression
 * @example
 * ```ts
 * const { train, test } = await readParquet("patients.parquet", {
 *   target: "outcome",
 *   standardize: true,
 *   split: { testFraction: 0.2, stratify: true },
 * });
 * ```
 */
export async function readParquet<const O extends ParquetOptions & { readonly split: object }>(
  path: string,
  options: O,
): Promise<TableSplit<TableOf<O>>>;
/** Reads a table that is not split for training and test. */
export async function readParquet<
  const O extends ParquetOptions & { readonly split?: undefined },
>(path: string, options: O): Promise<TableOf<O>>;
export async function readParquet(
  path: string,
  options: ParquetOptions,
): Promise<TableDataset | TableSplit<TableDataset>> {
  checkOptions(options, "Parquet");
  return await withParquetFile(path, async (file) => {
    const { inputs, target } = await collectParquet(file, options);
    const { train, test } = buildTables(inputs, target!, options);
    return test === undefined ? train : { train, test };
  });
}

/**
 * Reads the inputs of a Parquet file without targets, such as new data to predict from; otherwise like
 * {@link readParquet}.
 *
 * @param path path of the file
 * @returns `x`, float32 [rows, columns], the names of its columns, and the schema
 * @throws FlwrError as `readParquet`
 */
export async function readParquetInputs(
  path: string,
  options: ParquetInputsOptions = {},
): Promise<TableInputs> {
  checkInputsOptions(options, "Parquet");
  return await withParquetFile(
    path,
    async (file) => buildInputs((await collectParquet(file, options)).inputs, options),
  );
}

/** Runs `read` on an open file; its errors then name the file. */
export async function withParquetFile<T>(
  path: string,
  read: (file: Deno.FsFile) => Promise<T>,
): Promise<T> {
  try {
    using file = await Deno.open(path);
    return await parseFile(path, () => read(file));
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Reads the cells of a Parquet file. */
export async function collectParquet(
  file: Deno.FsFile,
  options: TableOptions,
): Promise<Collected> {
  if (options.schema !== undefined) checkSchema(options.schema);
  // Loaded when needed, because the decoder is large and most apps have no such file.
  const [{ openParquet }, { readParquetRows }] = await Promise.all([
    import("./file.ts"),
    import("./rows.ts"),
  ]);
  const rows = readParquetRows(await openParquet(file), (names) => selectedNames(names, options));
  const { missingCells = [] } = options;
  return await collect(rows, { ...options, missingCells });
}

function selectedNames(names: readonly string[], options: TableOptions): readonly string[] {
  const { schema, inputs, target } = options;
  const others = names.filter((name) => name !== target);
  const selected = schema?.inputs.map(({ name }) => name) ?? inputs ?? others;
  const index = others.find((name) => /^__index_level_\d+__$/.test(name));
  if (index !== undefined && selected === others) {
    throw invalid(`Column "${index}" is the index of a pandas table`, [
      "Write the table with index=False, or list the input columns in the option inputs",
    ]);
  }
  return target === undefined ? selected : [...selected, target];
}
