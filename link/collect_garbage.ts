import type { LinkContext, LinkTransaction } from "./context.ts";
import { type LargeObjects, ORPHAN_SECONDS } from "./objects/large_objects.ts";
import { type Location, objectAt } from "./objects/object_store.ts";
import type { Effects } from "./transactions/transactions.ts";

/** Limits of the removal of bytes from the object store. Times are in seconds. */
export interface GarbageLimits {
  /** Time between two removals of the bytes of removed objects. */
  readonly garbageSeconds: number;
  /** Time from the removal of an object to that of its bytes, which other calls may be reading. */
  readonly garbageGraceSeconds: number;
  /** Number of objects whose bytes are removed in one step. */
  readonly garbageBatch: number;
  /** Time between two searches of the object store for bytes without an object, which crashes leave. */
  readonly orphanSearchSeconds: number;
}

/** Default limits of the removal of bytes. */
export const DEFAULT_GARBAGE_LIMITS: GarbageLimits = {
  garbageSeconds: 30,
  garbageGraceSeconds: 120,
  garbageBatch: 200,
  orphanSearchSeconds: 6 * 3600,
};

/** Number of locations that are removed together. One that cannot be removed keeps only these. */
const REMOVED_TOGETHER = 20;
/** Number of locations in a row that cannot be removed, after which the object store counts as away. */
const FAILURES_IN_A_ROW = 3;
/** Seconds until another attempt to remove what could not be removed. */
const POSTPONED_SECONDS = 600;

/**
 * Background task that removes bytes from the object store: those of removed objects, and those that crashes left. Of
 * SuperLinks that share a store, one does it at a time. Two would do no harm, because locations are never used again.
 */
export async function collectGarbageUntilClosed(context: LinkContext): Promise<void> {
  const { clock, closing, large, limits } = context;
  if (large === undefined) return;
  let searchAt = clock.now() + limits.garbageSeconds;
  let cursor = "";
  for (;;) {
    await clock.sleep(limits.garbageSeconds, closing);
    if (closing.aborted) return;
    try {
      while (await collectSome(context, large) && !closing.aborted);
      if (closing.aborted || clock.now() < searchAt) continue;
      // One page at a time, so that the search takes little of the store's time.
      const next = await searchPage(context, large, cursor);
      cursor = next ?? "";
      // A SuperLink that does not lead looks again soon: the leader of now may not lead when its own search is due.
      if (next === "") searchAt = clock.now() + limits.orphanSearchSeconds;
    } catch {
      // The store, or the object store, has reported it. The next step comes soon. A search begins anew.
      cursor = "";
    }
  }
}

/** Removes the bytes of some removed objects. @returns whether there may be more */
async function collectSome(context: LinkContext, large: LargeObjects): Promise<boolean> {
  const { clock, closing, limits } = context;
  const due = await asLeader(context, async (tx) => {
    await tx.garbage.schedule(clock.now() + limits.garbageGraceSeconds);
    return await tx.garbage.due(clock.now(), limits.garbageBatch);
  });
  if (due === undefined || due.length === 0) return false;
  const { removed, failed } = await removeEach(large, due, closing);
  await context.transact("relaxed", async (tx) => {
    await tx.garbage.removeAll(removed);
    // Those that cannot be removed must not keep the others from their turn.
    await tx.garbage.postpone(failed, clock.now() + POSTPONED_SECONDS);
  });
  const wereTried = removed.length + failed.length === due.length;
  return wereTried && due.length === limits.garbageBatch;
}

/** What became of locations to remove. Those that are in neither list were not tried. */
interface Removal {
  readonly removed: readonly Location[];
  readonly failed: readonly Location[];
}

/**
 * Removes locations, many at a time. If that fails, it removes them one by one, so that one that cannot be removed
 * keeps no other. It ends early if several in a row fail, because each can take as long as a store that is away needs
 * to time out. The object store reports the failures.
 */
async function removeEach(
  large: LargeObjects,
  locations: readonly Location[],
  closing: AbortSignal,
): Promise<Removal> {
  const removed: Location[] = [];
  const failed: Location[] = [];
  const isRemoved = async (some: readonly Location[]) => {
    try {
      await large.remove(some);
      removed.push(...some);
      return true;
    } catch {
      return false;
    }
  };
  for (let place = 0; place < locations.length; place += REMOVED_TOGETHER) {
    const some = locations.slice(place, place + REMOVED_TOGETHER);
    if (await isRemoved(some)) continue;
    let inARow = 0;
    for (const location of some) {
      if (closing.aborted) return { removed, failed };
      if (await isRemoved([location])) {
        inARow = 0;
        continue;
      }
      failed.push(location);
      if (++inARow === FAILURES_IN_A_ROW) return { removed, failed };
    }
  }
  return { removed, failed };
}

/**
 * Removes bytes without an object from one page of the store's list.
 *
 * @returns the next page; "" after the last; undefined if another SuperLink leads
 */
async function searchPage(
  context: LinkContext,
  large: LargeObjects,
  cursor: string,
): Promise<string | undefined> {
  const isLeader = await asLeader(context, () => Promise.resolve(true));
  if (isLeader === undefined) return undefined;
  const { found, next = "" } = await large.list(cursor);
  const old = found.filter(({ age }) => age > ORPHAN_SECONDS).map(({ location }) => location);
  const known = await context.transact("read-only", (tx) => knownLocations(tx, old));
  const orphans = old.filter((location) => !known.has(location));
  // The next search finds those that cannot be removed.
  const { removed } = await removeEach(large, orphans, context.closing);
  if (removed.length > 0) {
    context.onEvent({ kind: "orphans-removed", objects: removed.length });
  }
  return next;
}

/** Those of the locations that the database refers to. */
async function knownLocations(
  tx: LinkTransaction,
  locations: readonly Location[],
): Promise<Set<Location>> {
  const known = await tx.garbage.among(locations);
  const places = await tx.objects.places([...new Set(locations.map(objectAt))]);
  for (const { location } of places.values()) known.add(location);
  return known;
}

/** Runs a transaction if this SuperLink does the housekeeping. @returns undefined if another one does */
function asLeader<T>(
  { housekeeping, transact }: LinkContext,
  work: (tx: LinkTransaction) => Promise<T>,
): Promise<T | undefined> {
  return transact("relaxed", async (tx, effects: Effects<never>) => {
    if (await housekeeping?.leads(tx, effects) === false) return undefined;
    return await work(tx);
  });
}
