/**
 * Fills `bytes` from a position of a file.
 *
 * @throws Deno.errors.UnexpectedEof when the file ends before that
 */
export async function readAt(
  file: Deno.FsFile,
  position: number,
  bytes: Uint8Array,
): Promise<void> {
  await file.seek(position, Deno.SeekMode.Start);
  for (let filled = 0; filled < bytes.length;) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) throw new Deno.errors.UnexpectedEof(`File ends at ${position + filled}`);
    filled += count;
  }
}

/** Writes all of `bytes` at a position of a file. */
export async function writeAt(
  file: Deno.FsFile,
  position: number,
  bytes: Uint8Array,
): Promise<void> {
  await file.seek(position, Deno.SeekMode.Start);
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}
