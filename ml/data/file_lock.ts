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
