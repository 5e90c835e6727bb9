/**
 * Fills `bytes` from a position of a file.
 *
 * @throws Deno.errors.UnexpectedEof when the file ends before
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
 * Runs `work` while no other process, and nothing else in this one, holds the lock on the same file. The operating
 * system ends a lock with its process, however that dies, so that no lock is ever stale.
 *
 * @param path the lock file: made if missing, and left in place, as removing it would let two holders in
 * @param onWait called once if someone else holds the lock now
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
