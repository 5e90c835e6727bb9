import { fileError, parseFile } from "../read_bytes.ts";
import { checkInputsOptions, checkOptions } from "./check_options.ts";
import { collect } from "./collect.ts";
import type {
  CsvInputsOptions,
  CsvOptions,
  TableDataset,
  TableInputs,
  TableOf,
  TableOptions,
  TableSplit,
} from "./options.ts";
import { readRows } from "./rows.ts";
import { checkSchema } from "./schema.ts";
import { buildInputs, buildTables, type Collected } from "./table.ts";
import { decodeText } from "./text.ts";

/**
 * Reads a table with a header line (RFC 4180) as a data set. It reads in pieces and needs 8 bytes of memory per
 * selected cell in addition to the data set.
 *
 * Numbers are decimal and finite in float32. A missing cell is refused unless {@link CsvOptions.missing} has an action
 * for it. A column without a name, which pandas writes for its index, is refused too.
 *
 * @param path path of the file
 * @returns the data set, or `{ train, test }` with the option `split`
 * @throws FlwrError "invalid-argument" that names the file, and line and column of an invalid cell or the invalid
 * option; "not-found", "permission-denied" or "failed-precondition" when the file cannot be read; "resource-exhausted"
 * when it is too large
 * @example
 * ```ts
 * const iris = await readCsv("iris.csv", { target: "species" });
 * const { train, test } = await readCsv("patients.csv", {
 *   target: "outcome",
 *   missing: { age: "median", weight: "mean", outcome: "drop" },
 *   categories: { ward: "one-hot" },
 *   standardize: true,
 *   split: { testFraction: 0.2, stratify: true },
 * });
 * // At another node, with the same columns, categories and scales:
 * await readCsv("others.csv", { target: "outcome", schema: train.schema });
 * ```
 */
export async function readCsv<const O extends CsvOptions & { readonly split: object }>(
  path: string,
  options: O,
): Promise<TableSplit<TableOf<O>>>;
/** Reads a table that is not split for training and test. */
export async function readCsv<const O extends CsvOptions & { readonly split?: undefined }>(
  path: string,
  options: O,
): Promise<TableOf<O>>;
export async function readCsv(
  path: string,
  options: CsvOptions,
): Promise<TableDataset | TableSplit<TableDataset>> {
  checkOptions(options);
  return await withFile(path, (chunks) => readTable(chunks, options));
}

/**
 * Reads the inputs of a table without targets, such as new data to predict from; otherwise like {@link readCsv}. With
 * the `schema` of the table that a model was trained on, other columns are ignored.
 *
 * @param path path of the file
 * @returns `x`, float32 [rows, columns], the names of its columns, and the schema
 * @throws FlwrError as `readCsv`
 * @example
 * ```ts
 * const { x } = await readCsvInputs("today.csv", { schema: train.schema });
 * const outputs = await model.predict(x);
 * ```
 */
export async function readCsvInputs(
  path: string,
  options: CsvInputsOptions = {},
): Promise<TableInputs> {
  checkInputsOptions(options);
  return await withFile(
    path,
    async (chunks) => buildInputs((await collectTable(chunks, options)).inputs, options),
  );
}

async function withFile<T>(
  path: string,
  read: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  try {
    using file = await Deno.open(path);
    return await parseFile(path, () => read(chunksOf(file)));
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Like {@link readCsv}, from a string. */
export async function parseCsv<const O extends CsvOptions & { readonly split: object }>(
  text: string,
  options: O,
): Promise<TableSplit<TableOf<O>>>;
/** Parses a table that is not split for training and test. */
export async function parseCsv<const O extends CsvOptions & { readonly split?: undefined }>(
  text: string,
  options: O,
): Promise<TableOf<O>>;
export async function parseCsv(
  text: string,
  options: CsvOptions,
): Promise<TableDataset | TableSplit<TableDataset>> {
  checkOptions(options);
  const bytes = new TextEncoder().encode(text);
  return await readTable(ReadableStream.from([bytes]), { ...options, encoding: "utf-8" });
}

/** Number of bytes to read at a time. */
const CHUNK_BYTES = 2 ** 18;

/** The content of a file from its position. */
export async function* chunksOf(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const length = await file.read(chunk);
    if (length === null) return;
    yield chunk.subarray(0, length);
  }
}

async function readTable(
  chunks: AsyncIterable<Uint8Array>,
  options: CsvOptions,
): Promise<TableDataset | TableSplit<TableDataset>> {
  const { inputs, target } = await collectTable(chunks, options);
  const { train, test } = buildTables(inputs, target!, options);
  return test === undefined ? train : { train, test };
}

/** Reads the cells of a table. */
export async function collectTable(
  chunks: AsyncIterable<Uint8Array>,
  options: TableOptions,
): Promise<Collected> {
  const { delimiter = ",", encoding } = options;
  if (options.schema !== undefined) checkSchema(options.schema);
  return await collect(readRows(decodeText(chunks, encoding), delimiter), options);
}
