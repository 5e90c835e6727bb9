import { withFurtherLines } from "../../../../base/run_log_lines.ts";
import type { LinkRun, LogPiece } from "../../../../entities/run.ts";
import { isoTime } from "../iso_time.ts";

/**
 * Creates the last piece of a finished run's log. If the run did not complete, it ends with the reason, unless the
 * log or an earlier piece already has it. If the log was removed, it says so, because the log would otherwise look
 * empty.
 *
 * @param reader what the reader has: the log up to a Unix time in seconds, and the last piece of this call
 */
export function endLog(
  piece: LogPiece,
  run: LinkRun,
  reader: { readonly after: number; readonly last: string },
): LogPiece {
  const { logRemovedAt } = run;
  if (logRemovedAt === undefined || reader.after >= logRemovedAt || reader.last !== "") {
    return withEndReason(piece, run, reader);
  }
  const text =
    `The log of run ${run.runId} was removed at ${isoTime(logRemovedAt)}: the SuperLink ` +
    `keeps only those of newer runs\n${piece.text}`;
  return withEndReason(
    { ...piece, text, latest: Math.max(piece.latest, logRemovedAt) },
    run,
    reader,
  );
}

function withEndReason(
  piece: LogPiece,
  { runId, state, finishedAt = 0, ...run }: LinkRun,
  reader: { readonly after: number; readonly last: string },
): LogPiece {
  const details = withFurtherLines(run.details);
  // The ServerApp's log cannot say that the run was stopped.
  const inLog = state === "finished:failed" && details !== "" &&
    [reader.last, piece.text].some((text) => text.includes(details));
  const known = reader.after >= finishedAt || inLog;
  if (state === "finished:completed" || known) return piece;
  const lineEnd = piece.endsLine ? "" : "\n";
  const what = state === "finished:stopped" ? "was stopped" : "failed";
  const why = details === "" ? "" : `: ${details}`;
  return {
    ...piece,
    text: `${piece.text}${lineEnd}Run ${runId} ${what}${why}\n`,
    endsLine: true,
    latest: Math.max(piece.latest, finishedAt),
  };
}
