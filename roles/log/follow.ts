import type { RunId } from "../../app/metadata.ts";
import { FlwrError } from "../../base/error.ts";
import type { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { LogText } from "../output/log_text.ts";
import { type Stream, writeText } from "../output/write_text.ts";
import { QUIET_SECONDS } from "./limits.ts";

/** What a log is written to. */
export interface LogSink {
  readonly stream: Stream;
  /** Whether colours of the log are kept. */
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
  return writeLog(control, runId, sink, { signal, heard: () => {} });
}

/** Writes what there is of a run's log. */
export async function showLog(
  control: ControlClient,
  runId: RunId,
  sink: LogSink,
  signal: AbortSignal,
): Promise<Followed> {
  const quiet = new AbortController();
  const expire = () => quiet.abort();
  let timer = setTimeout(expire, QUIET_SECONDS * 1000);
  try {
    const ended = await writeLog(control, runId, sink, {
      signal: AbortSignal.any([signal, quiet.signal]),
      heard: () => {
        clearTimeout(timer);
        timer = setTimeout(expire, QUIET_SECONDS * 1000);
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
  { signal, heard }: { signal: AbortSignal; heard: () => void },
): Promise<Followed> {
  const text = new LogText(colours);
  try {
    for await (const piece of control.streamLogs(runId, { signal })) {
      heard();
      if (!writeText(stream, text.next(piece.text))) return "unread";
    }
    return writeText(stream, text.end()) ? "ended" : "unread";
  } catch (error) {
    if (signal.aborted && FlwrError.from(error).code === "cancelled") return "interrupted";
    throw error;
  }
}
