import type { Runs } from "../../../link/runs/runs.ts";

/** Runs that are looked at together. */
const PAGE = 200;

/**
 * Fails the runs that an earlier SuperLink on the same database was running: their ServerApps died with it. Those that
 * were claimed and had not begun are pending again once their claim is over; those that a user started by hand go on.
 *
 * @param startedAt Unix time in seconds; runs that began later are this SuperLink's own
 */
export async function settleLeftovers(
  link: { readonly runs: Pick<Runs, "fail" | "list"> },
  startedAt: number,
): Promise<void> {
  for (let skip = 0;; skip += PAGE) {
    const runs = await link.runs.list({ limit: PAGE, skip });
    for (const { runId, state, fabHash, runningAt = 0 } of runs) {
      if (state !== "running" || fabHash === "" || runningAt >= startedAt) continue;
      await link.runs.fail(runId, "The SuperLink was restarted while the run was in flight");
    }
    if (runs.length < PAGE) return;
  }
}
