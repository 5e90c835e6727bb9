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

/**
 * Runs `work` while nothing else, in this process or another, has the lock of a file. The operating system releases a
 * lock when its process ends in any way, so no lock is ever stale.
 *
 * @param path the lock file: created if missing and never removed, because removing it would let two owners in
 * @param onWait called once if the lock is taken
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  onWait?: () => void,
): Promise<T> {
  using file = await Deno.open(path, { create: true, write: true });
  if (!await file.tryLock(true)) {
    onWait?.();
    await file.lock(true);
  }
  return await work();
}
