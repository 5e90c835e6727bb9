import type { RunSummary } from "../../../rpc/dialects/current/client/control_summaries.ts";
import { formatBytes } from "../../../base/readable.ts";
import { isIncomplete } from "../../../hosting/app/incomplete.ts";
import { type Colours, statusStyle, type Style } from "../../output/colours.ts";
import type { Screen } from "../../output/screen.ts";
import { fieldLines, type TableColumn } from "../../output/table.ts";
import { durationText, NOT_AVAILABLE, secondsNumber, timeText } from "../../output/units.ts";

/** A run with derived values, as commands show it. */
export interface ShownRun {
  readonly run: RunSummary;
  /** "running", "finished:completed". */
  readonly status: string;
  /** Whether it completed, but a node contributed nothing to training or to evaluation. */
  readonly incomplete: boolean;
  /** Seconds from the start of its ServerApp to its end, or until now. 0 before it has started. */
  readonly elapsed: number;
}

/** Derives the values of a run. @param now the SuperLink's time: Unix seconds */
export function showRun(run: RunSummary, now: number): ShownRun {
  const { runningAt, finishedAt } = run;
  const status = run.subStatus === "" ? run.status : `${run.status}:${run.subStatus}`;
  const elapsed = runningAt === undefined ? 0 : secondsNumber((finishedAt ?? now) - runningAt);
  const incomplete = run.subStatus === "completed" && isIncomplete(run.details);
  return { run, status, incomplete, elapsed };
}

/** A run's status as text. */
export function statusText({ status, incomplete }: ShownRun): string {
  return incomplete ? `${status} (incomplete)` : status;
}

/** An app in Flower's notation: "@publisher/name==version". */
export function appText({ fabId, fabVersion }: RunSummary): string {
  return `@${fabId}==${fabVersion}`;
}

/** A run in `flwr ls --format json`: Flower's fields, and whether the run is incomplete. */
export function runJson({ run, status, incomplete, elapsed }: ShownRun): Record<string, unknown> {
  const { bytesReceived: inbound, bytesSent: outbound, clientAppSeconds } = run;
  return {
    "run-id": String(run.runId),
    "federation-id": run.federation,
    "fab-id": run.fabId,
    "fab-name": run.fabId.split("/").at(-1),
    "fab-version": run.fabVersion,
    "fab-hash": run.fabHash,
    status,
    "status-details": run.details || NOT_AVAILABLE,
    incomplete,
    elapsed,
    "pending-at": timeText(run.pendingAt),
    "starting-at": timeText(run.startingAt),
    "running-at": timeText(run.runningAt),
    "finished-at": timeText(run.finishedAt),
    "network-traffic": {
      "inbound-bytes": Number(inbound),
      "outbound-bytes": Number(outbound),
      "total-bytes": Number(inbound + outbound),
    },
    "compute-time": {
      "serverapp-seconds": elapsed,
      "clientapp-seconds": clientAppSeconds,
      "total-seconds": secondsNumber(elapsed + clientAppSeconds),
    },
  };
}

/** The columns of a table of runs. */
export function runColumns({ colours }: Screen): TableColumn<ShownRun>[] {
  return [
    { title: "RUN ID", cell: ({ run }) => String(run.runId) },
    { title: "FEDERATION", cell: ({ run }) => run.federation || NOT_AVAILABLE, dropOrder: 1 },
    { title: "APP", cell: ({ run }) => appText(run), dropOrder: 4 },
    {
      title: "STATUS",
      cell: statusText,
      style: (shown) => styleOf(shown, colours),
    },
    { title: "ELAPSED", cell: ({ elapsed }) => durationText(elapsed), dropOrder: 3 },
    { title: "STATUS CHANGED", cell: ({ run }) => timeText(changedAt(run)), dropOrder: 2 },
  ];
}

/** The lines of `flwr ls --run-id`: all details of a run. */
export function runDetails(shown: ShownRun, screen: Screen): string[] {
  const { run, elapsed } = shown;
  const { bytesReceived: inbound, bytesSent: outbound, clientAppSeconds } = run;
  const bytes = (count: bigint) => formatBytes(Number(count));
  return fieldLines([
    ["Run ID", String(run.runId)],
    ["Federation", run.federation || NOT_AVAILABLE],
    ["App", appText(run)],
    ["FAB hash", run.fabHash],
    ["Status", statusText(shown), styleOf(shown, screen.colours)],
    ["Details", run.details || NOT_AVAILABLE],
    ["Elapsed", durationText(elapsed)],
    ["Pending at", timeText(run.pendingAt)],
    ["Starting at", timeText(run.startingAt)],
    ["Running at", timeText(run.runningAt)],
    ["Finished at", timeText(run.finishedAt)],
    ["Traffic in", bytes(inbound)],
    ["Traffic out", bytes(outbound)],
    ["ServerApp time", durationText(elapsed)],
    ["ClientApp time", durationText(clientAppSeconds)],
  ], screen);
}

function styleOf({ status, incomplete }: ShownRun, colours: Colours): Style {
  return incomplete ? colours.warning : statusStyle(status, colours);
}

function changedAt({ pendingAt, startingAt, runningAt, finishedAt }: RunSummary): number {
  return finishedAt ?? runningAt ?? startingAt ?? pendingAt;
}
