import { centralRecord, endRecord, localRecord } from "./write.ts";

/** A file of an archive whose bytes are read when their turn comes. */
export interface StreamedFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly crc32: number;
  /** Its bytes, piece by piece. */
  content(): AsyncIterable<Uint8Array>;
}

/** How many bytes {@link streamZip} gives for these files. */
export function zipLength(files: readonly Omit<StreamedFile, "content">[]): number {
  const records = files.reduce((sum, { name, size, crc32 }) => {
    const facts = { name, size, crc32 };
    return sum + localRecord(facts).length + size + centralRecord(facts, 0).length;
  }, 0);
  return records + endRecord([], 0).length;
}

/**
 * A zip archive of files, piece by piece, with no more of them in memory than a piece: stored, in the order given, with
 * the date of bundles. Whoever reads it must count: files whose content is not as long as they say make it no archive.
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
