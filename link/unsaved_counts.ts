import type { LinkContext } from "./context.ts";

/** Seconds between two times that the counts are stored. */
const SAVE_SECONDS = 60;

/**
 * Stores the traffic of runs and the bytes of pushes that were counted in memory, and drops the counts of those that
 * have ended: at another SuperLink that is not heard of here. One transaction for each limits.housekeepingBatch.
 */
export async function saveCounts(context: LinkContext): Promise<void> {
  const { limits: { housekeepingBatch: batch }, staged, traffic, transact } = context;
  const runs = traffic.runs();
  for (let from = 0; from < runs.length; from += batch) {
    await transact("relaxed", async (tx, effects) => {
      for (const runId of runs.slice(from, from + batch)) await traffic.save(tx, effects, runId);
    });
  }
  const sessions = staged.sessions();
  for (let from = 0; from < sessions.length; from += batch) {
    await transact("relaxed", async (tx, effects) => {
      for (const sessionId of sessions.slice(from, from + batch)) {
        const push = await tx.pushes.get(sessionId);
        if (push?.state === "open") await tx.pushes.put(staged.saved(effects, push));
        else staged.forget(effects, sessionId);
      }
    });
  }
}

/** Stores the counts from time to time until the domain closes, if the store is shared. Failures are tried again. */
export async function saveCountsUntilClosed(context: LinkContext): Promise<void> {
  const { clock, closing, store } = context;
  if (!store.isShared) return;
  for (;;) {
    await clock.sleep(SAVE_SECONDS, closing);
    if (closing.aborted) return;
    await saveCounts(context).catch(() => {});
  }
}
