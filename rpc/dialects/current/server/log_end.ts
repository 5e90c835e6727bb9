import { withFurtherLines } from "../../../../base/run_log_lines.ts";
import type { LinkRun, LogPiece } from "../../../../entities/run.ts";
import { isoTime } from "../iso_time.ts";

/**
 * The last piece of a finished run's log, which says why nothing more comes where the run did not complete. Where its
 * ServerApp's log tells that already, and where its reader has been told, nothing is added. A log that was removed is
 * said to have been, so that nobody takes it for an empty one.
 *
 * @param reader what the reader has: the log up to a Unix time in seconds, and the last of it as this call gave it
 */
export function endLog(
  piece: LogPiece,
  run: LinkRun,
  reader: { readonly after: number; readonly last: string },
): LogPiece {
  const { logRemovedAt } = run;
  if (logRemovedAt === undefined || reader.after >= logRemovedAt || reader.last !== "") {
    return tellEnd(piece, run, reader);
  }
  const text =
    `The log of run ${run.runId} was removed at ${isoTime(logRemovedAt)}: the SuperLink ` +
    `keeps those of newer runs\n${piece.text}`;
  return tellEnd({ ...piece, text, latest: Math.max(piece.latest, logRemovedAt) }, run, reader);
}

function tellEnd(
  piece: LogPiece,
  { runId, state, finishedAt = 0, ...run }: LinkRun,
  reader: { readonly after: number; readonly last: string },
): LogPiece {
  const details = withFurtherLines(run.details);
  // That the run was stopped is nothing that its ServerApp could tell.
  const tells = state === "finished:failed" && details !== "" &&
    [reader.last, piece.text].some((text) => text.includes(details));
  const told = reader.after >= finishedAt || tells;
  if (state === "finished:completed" || told) return piece;
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
