import type { RunId } from "../../../app/metadata.ts";
import { FlwrError } from "../../../base/error.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { coloursIf } from "../../output/colours.ts";
import { StyledLines } from "../../output/line_style.ts";
import { LogText } from "../../output/log_text.ts";
import { type Stream, writeText } from "../../output/write_text.ts";
import { QUIET_SECONDS } from "./limits.ts";

/** What a log is written to. */
export interface LogSink {
  readonly stream: Stream;
  /** Whether colours of the log are kept, and lines that matter get theirs. */
  readonly colours: boolean;
}

/** How following a log ended. */
export type Followed =
  /** There is no more to come. */
  | "ended"
  /** The signal said so. */
  | "interrupted"
  /** Nobody reads what is written any more. */
  | "unread";

/**
 * Writes a run's log from its beginning on, until the run is over.
 *
 * @param signal ends it before
 * @throws FlwrError as ControlClient.streamLogs
 */
export function followLog(
  control: ControlClient,
  runId: RunId,
  sink: LogSink,
  signal: AbortSignal,
): Promise<Followed> {
  return writeLog(control, runId, sink, { signal, goesOn: () => true });
}

/**
 * Writes what there is of a run's log. A SuperLink does not say where that ends: it ends with what was written after
 * the command began, or when nothing comes for a while.
 *
 * @param began the SuperLink's time: Unix seconds
 */
export async function showLog(
  control: ControlClient,
  runId: RunId,
  sink: LogSink,
  signal: AbortSignal,
  began: number,
): Promise<Followed> {
  const quiet = new AbortController();
  const expire = () => quiet.abort();
  let timer = setTimeout(expire, QUIET_SECONDS * 1000);
  try {
    const ended = await writeLog(control, runId, sink, {
      signal: AbortSignal.any([signal, quiet.signal]),
      goesOn: (latest) => {
        clearTimeout(timer);
        timer = setTimeout(expire, QUIET_SECONDS * 1000);
        return latest < began;
      },
    });
    return ended === "interrupted" && !signal.aborted ? "ended" : ended;
  } finally {
    clearTimeout(timer);
  }
}

async function writeLog(
  control: ControlClient,
  runId: RunId,
  { stream, colours }: LogSink,
  { signal, goesOn }: { signal: AbortSignal; goesOn: (latest: number) => boolean },
): Promise<Followed> {
  const text = new LogText(colours);
  const lines = new StyledLines(coloursIf(colours));
  try {
    for await (const { text: piece, latest } of control.streamLogs(runId, { signal })) {
      if (!writeText(stream, lines.next(text.next(piece)))) return "unread";
      if (!goesOn(latest)) break;
    }
    return writeText(stream, lines.next(text.end())) ? "ended" : "unread";
  } catch (error) {
    if (signal.aborted && FlwrError.from(error).code === "cancelled") return "interrupted";
    throw error;
  }
}
