import { type FileMetaData, parquetRead, type RowGroup, type SchemaElement } from "hyparquet";
import { FlwrError } from "../../../base/error.ts";
import type { Cell } from "../csv/cells.ts";
import type { TableRow } from "../csv/rows.ts";
import { checkCodec, COMPRESSORS } from "./codecs.ts";
import { checkColumn, topColumns } from "./columns.ts";
import { damaged, decoding } from "./damaged.ts";
import { chunkOf, type ParquetFile } from "./file.ts";
import { checkPages } from "./pages.ts";

/** Most cells to have in memory at a time. */
const WINDOW_CELLS = 2 ** 20;
/** Most rows to have in memory at a time. */
const WINDOW_ROWS = 2 ** 16;
/** Number of cells that any file may have. */
const FREE_CELLS = 2 ** 26;
/** Most cells per byte of a larger file: equal values take almost no bytes, but fill the memory. */
const CELLS_PER_BYTE = 64;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the rows of a Parquet file, the names of its columns first, some rows at a time. Only the selected columns are
 * read; the others are null.
 *
 * @param select the names of the columns to read, from those of the file
 * @throws FlwrError "invalid-argument" for a damaged file, "unimplemented" for a kind of column or compression that is
 * not supported, "resource-exhausted" for a small file with very many cells
 */
export async function* readParquetRows(
  { file, metadata }: ParquetFile,
  select: (names: readonly string[]) => readonly string[],
): AsyncGenerator<TableRow[]> {
  const columns = topColumns(metadata.schema);
  const names = columns.map(({ name }) => name);
  yield [{ cells: names, line: 0, isRow: true }];
  const selected = [...new Set(select(names))].map((name) => columns[names.indexOf(name)]!);
  for (const column of selected) checkColumn(column);
  const cells = Number(metadata.num_rows) * selected.length;
  if (cells > Math.max(FREE_CELLS, CELLS_PER_BYTE * file.byteLength)) {
    throw new FlwrError(
      "resource-exhausted",
      `The Parquet file has ${cells} cells in ${file.byteLength} bytes: they would fill the memory`,
      { hints: ["Read fewer columns with the option inputs, or write fewer rows to each file"] },
    );
  }
  const indices = selected.map((column) => columns.indexOf(column));
  const size = Math.max(1, Math.min(WINDOW_ROWS, Math.floor(WINDOW_CELLS / selected.length)));
  let line = 1;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    if (rows === 0) continue;
    const alone = { ...metadata, num_rows: group.num_rows, row_groups: [group] };
    for (const column of selected) await checkChunk({ file, metadata: alone }, group, column);
    for (let start = 0; start < rows; start += size) {
      const end = Math.min(rows, start + size);
      const read: Cell[][] = [];
      for (const column of selected) {
        read.push(await readCells({ file, metadata: alone }, column, start, end));
      }
      const some: TableRow[] = [];
      for (let i = 0; i < end - start; i++) {
        const cells = new Array<Cell>(names.length).fill(null);
        indices.forEach((index, c) => cells[index] = read[c]![i]!);
        some.push({ cells, line: line++, isRow: true });
      }
      yield some;
    }
  }
}

async function checkChunk(
  { file }: ParquetFile,
  group: RowGroup,
  { name, type }: SchemaElement,
): Promise<void> {
  const meta = chunkOf(group, name);
  if (meta.type !== type) throw damaged(`column "${name}" has two types`);
  checkCodec(meta.codec);
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const bytes = await file.slice(start, start + Number(meta.total_compressed_size));
  await decoding(
    `column "${name}"`,
    () => checkPages(new Uint8Array(bytes), Number(group.num_rows), meta.codec),
  );
}

/** The cells of a column from row `start` to `end` (exclusive) of the file's only row group. */
async function readCells(
  { file, metadata }: ParquetFile,
  column: SchemaElement,
  start: number,
  end: number,
): Promise<Cell[]> {
  const { name } = column;
  const cells = new Array<Cell>(end - start);
  let filled = 0;
  await decoding(`column "${name}"`, () =>
    parquetRead({
      file,
      metadata: metadata as FileMetaData,
      columns: [name],
      rowStart: start,
      rowEnd: end,
      compressors: COMPRESSORS,
      parsers: { stringFromBytes: decodeText },
      onChunk: ({ columnData, rowStart }) => {
        const from = Math.max(start, rowStart);
        const to = Math.min(end, rowStart + columnData.length);
        for (let row = from; row < to; row++) {
          cells[row - start] = cellOf(columnData[row - rowStart], name);
          filled++;
        }
      },
    }));
  if (filled !== cells.length) throw damaged(`column "${name}" has too few rows`);
  return cells;
}

/** A text; undefined stays undefined, as the library has it for missing values. */
function decodeText(bytes: Uint8Array | undefined): string {
  try {
    return bytes === undefined ? bytes as unknown as string : UTF8.decode(bytes);
  } catch (cause) {
    throw damaged("a text is not UTF-8", cause);
  }
}

function cellOf(value: unknown, column: string): Cell {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") {
    return value;
  }
  throw damaged(`column "${column}" has a value of an unknown kind`);
}
