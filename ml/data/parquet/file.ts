import { type AsyncBuffer, type FileMetaData, parquetMetadata, type RowGroup } from "hyparquet";
import { readAt } from "../file_io.ts";
import { damaged, decoding, unsupported } from "./damaged.ts";
import { readThrift } from "./thrift.ts";

/** Largest footer, in bytes: it describes each column of each row group. */
const MAX_FOOTER_BYTES = 2 ** 26;
const MAGIC = "PAR1";
const ENCRYPTED = "PARE";
/** Bytes of the footer's length and the signature after it. */
const TAIL_BYTES = 8;

/** An open Parquet file. */
export interface ParquetFile {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
}

/**
 * Reads the footer of a Parquet file, and checks it.
 *
 * @throws FlwrError "invalid-argument" when it is not such a file or is damaged, "unimplemented" when it is encrypted or
 * its footer is too large
 */
export async function openParquet(file: Deno.FsFile): Promise<ParquetFile> {
  const { size } = await file.stat();
  const buffer = asyncBuffer(file, size);
  const read = async (from: number, to: number) => new Uint8Array(await buffer.slice(from, to));
  const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
  if (size < 3 * MAGIC.length) throw damaged(`it has only ${size} bytes`);
  const tail = await read(size - TAIL_BYTES, size);
  const [start, end] = [text(await read(0, 4)), text(tail.subarray(4))];
  if (start === ENCRYPTED || end === ENCRYPTED) {
    throw unsupported("The Parquet file is encrypted, which is not supported", ["Decrypt it"]);
  }
  if (start !== MAGIC || end !== MAGIC) {
    throw damaged(start === MAGIC ? "its end is missing" : "it does not have its signature");
  }
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (length > size - TAIL_BYTES - MAGIC.length) {
    throw damaged("its footer is longer than the file");
  }
  if (length > MAX_FOOTER_BYTES) {
    throw unsupported(`The Parquet file has a footer of ${length} bytes, which is too large`, [
      "Write the file with larger row groups",
    ]);
  }
  const footer = await read(size - TAIL_BYTES - length, size);
  const { end: used } = readThrift(footer, 0);
  if (used > length) throw damaged("its footer is longer than it says");
  const metadata = await decoding("its footer", () =>
    parquetMetadata(footer.slice().buffer, {
      geoparquet: false,
      // Statistics may be cut within a character, and are not used.
      parsers: { stringFromBytes: () => "" },
    }));
  checkGroups(metadata, size);
  return { file: buffer, metadata };
}

function checkGroups({ num_rows, row_groups: groups }: FileMetaData, size: number): void {
  const rows = groups.reduce((sum, group) => sum + count(group.num_rows, "rows"), 0);
  if (rows !== count(num_rows, "rows")) throw damaged("its row groups have another number of rows");
  for (const { columns, num_rows } of groups) {
    // An empty group has no pages, so that some writers give them no place.
    if (Number(num_rows) === 0) continue;
    for (const { meta_data: meta, file_path } of columns) {
      if (file_path) {
        throw unsupported("The Parquet file has its columns in other files", ["Write it as one"]);
      }
      if (meta === undefined) throw damaged("a column has no description");
      const start = count(meta.dictionary_page_offset || meta.data_page_offset, "bytes");
      const length = count(meta.total_compressed_size, "bytes");
      if (start < MAGIC.length || start + length > size) throw damaged("a column is outside of it");
    }
  }
}

/** The column of a row group by the name that has no dots for parts. */
export function chunkOf({ columns }: RowGroup, name: string) {
  const found = columns.filter(({ meta_data }) =>
    meta_data!.path_in_schema.length === 1 && meta_data!.path_in_schema[0] === name
  );
  const meta = found[0]?.meta_data;
  if (meta === undefined || found.length > 1) throw damaged("a row group lacks a column");
  return meta;
}

function count(value: bigint | number | undefined, of: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw damaged(`it has no valid number of ${of}`);
}

/** Reads parts of a file one after the other, because the file has a single position. */
function asyncBuffer(file: Deno.FsFile, byteLength: number): AsyncBuffer {
  let last: Promise<unknown> = Promise.resolve();
  const slice = (start: number, end = byteLength): Promise<ArrayBuffer> => {
    const next = last.then(async () => {
      if (!(start >= 0 && start <= end && end <= byteLength)) {
        throw damaged("a part is outside of it");
      }
      const bytes = new Uint8Array(end - start);
      await readAt(file, start, bytes);
      return bytes.buffer;
    });
    last = next.catch(() => {});
    return next;
  };
  return { byteLength, slice };
}
