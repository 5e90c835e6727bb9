import type { LinkService } from "../../../link/link.ts";

/** Runs that are looked at together. */
const PAGE = 200;

/**
 * Fails the runs that an earlier SuperLink on the same database was running: their ServerApps died with it. Those that
 * were claimed and had not begun are pending again once their claim is over; those that a user started by hand go on.
 *
 * @param startedAt Unix time in seconds; runs that began later are this SuperLink's own
 */
export async function settleLeftovers(
  link: Pick<LinkService, "failRun" | "listRuns">,
  startedAt: number,
): Promise<void> {
  for (let skip = 0;; skip += PAGE) {
    const runs = await link.listRuns({ limit: PAGE, skip });
    for (const { runId, state, fabHash, runningAt = 0 } of runs) {
      if (state !== "running" || fabHash === "" || runningAt >= startedAt) continue;
      await link.failRun(runId, "The SuperLink was restarted while the run was in flight");
    }
    if (runs.length < PAGE) return;
  }
}
