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
