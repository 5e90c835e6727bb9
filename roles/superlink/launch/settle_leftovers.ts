import type { Runs } from "../../../link/runs/runs.ts";

/** Runs that are listed at once. */
const PAGE = 200;

/**
 * Fails the runs that an earlier SuperLink on the same database was running, because their ServerApps ended with it.
 * Claimed runs that had not begun become pending again when their claim expires. Runs that a user started by hand
 * continue.
 *
 * @param startedAt Unix time in seconds. Runs that began later belong to this SuperLink
 */
export async function failInterruptedRuns(
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
