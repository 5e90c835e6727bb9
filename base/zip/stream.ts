import { centralRecord, endRecord, localRecord } from "./write.ts";

/** A file of an archive whose bytes are read only when they are written. */
export interface StreamedFile {
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  readonly crc32: number;
  /** Yields its bytes, piece by piece. */
  content(): AsyncIterable<Uint8Array>;
}

/** Length of the archive that {@link streamZip} yields for these files, in bytes. */
export function zipLength(files: readonly Omit<StreamedFile, "content">[]): number {
  const records = files.reduce((sum, { name, size, crc32 }) => {
    const facts = { name, size, crc32 };
    return sum + localRecord(facts).length + size + centralRecord(facts, 0).length;
  }, 0);
  return records + endRecord([], 0).length;
}

/**
 * Yields a zip archive piece by piece, with only one piece in memory. Files are stored uncompressed, in the given
 * order, with the date of bundles. It does not check that each file's content has its declared size, without which the
 * archive is invalid: callers must count.
 *
 * @param files together below 4 GiB and 65,536 files
 */
export async function* streamZip(
  files: readonly StreamedFile[],
): AsyncGenerator<Uint8Array, void, void> {
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const file of files) {
    const local = localRecord(file);
    yield local;
    yield* file.content();
    directory.push(centralRecord(file, offset));
    offset += local.length + file.size;
  }
  yield* directory;
  yield endRecord(directory, offset);
}
