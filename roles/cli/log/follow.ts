import type { RunId } from "../../../entities/metadata.ts";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import type {
  ControlClient,
  RunLogChunk,
} from "../../../rpc/dialects/current/client/control_client.ts";
import { coloursIf } from "../../output/colours.ts";
import { StyledLines } from "../../output/line_style.ts";
import { LogText } from "../../output/log_text.ts";
import { printMessage } from "../../output/print_line.ts";
import { type Stream, writeText } from "../../output/write_text.ts";

/**
 * Seconds without a new line after which a running run's log counts as complete, for a SuperLink that does not mark the
 * end: Flower's own, or an earlier version of ours.
 */
const SILENCE_SECONDS = 1;

/** The same before the first line, because a long log may take time to load. */
const FIRST_LINE_SECONDS = 10;

/** Maximum wait for the next part of a log, in seconds, if the SuperLink has announced more. */
const PART_SECONDS = 120;

/** The target of a log. */
export interface LogSink {
  readonly stream: Stream;
  /** Whether to keep the log's colours, and to colour errors, warnings and headings. */
  readonly colours: boolean;
  /** Shows a message about the connection. Default: on stderr. */
  readonly report?: (message: string) => void;
}

/** The end of following a log. */
export type FollowEnd =
  /** The log is complete. */
  | "ended"
  /** The signal was aborted. */
  | "interrupted"
  /** The reader closed the output. */
  | "unread";

/**
 * Writes a run's log from its beginning until the run is over.
 *
 * @param signal stops it earlier
 * @throws FlwrError as ControlClient.streamLogs
 */
export function followLog(
  control: ControlClient,
  runId: RunId,
  sink: LogSink,
  signal: AbortSignal,
): Promise<FollowEnd> {
  return writeLog(control, runId, sink, { signal, continueAfter: () => true });
}

/**
 * Writes a run's log so far. Flower's own SuperLink does not mark the end of the log. So this ends at a line that was
 * written after the command began, or when no line arrives for a while.
 *
 * @param began the SuperLink's time at the beginning of the command: Unix seconds
 * @throws FlwrError as ControlClient.streamLogs; "deadline-exceeded" when an announced part does not arrive
 */
export async function showLog(
  control: ControlClient,
  runId: RunId,
  sink: LogSink,
  signal: AbortSignal,
  began: number,
  clock: Clock = systemClock,
): Promise<FollowEnd> {
  const expired = new AbortController();
  let timer = new AbortController();
  const expireIn = (seconds: number) => {
    timer = new AbortController();
    const { signal } = timer;
    clock.sleep(seconds, signal).then(() => signal.aborted || expired.abort());
  };
  let isPart = false;
  expireIn(FIRST_LINE_SECONDS);
  try {
    const ended = await writeLog(control, runId, sink, {
      signal: AbortSignal.any([signal, expired.signal]),
      continueAfter: ({ latest, caughtUp }) => {
        timer.abort();
        isPart = caughtUp === false;
        if (caughtUp !== true) expireIn(isPart ? PART_SECONDS : SILENCE_SECONDS);
        return caughtUp !== true && latest < began;
      },
    });
    if (ended !== "interrupted" || signal.aborted) return ended;
    if (isPart) throw partMissing(runId);
    return "ended";
  } finally {
    timer.abort();
  }
}

function partMissing(runId: RunId): FlwrError {
  return new FlwrError(
    "deadline-exceeded",
    `The rest of run ${runId}'s log did not arrive within ${PART_SECONDS} s`,
    { hints: ["Try again later"] },
  );
}

async function writeLog(
  control: ControlClient,
  runId: RunId,
  { stream, colours, report = printMessage }: LogSink,
  { signal, continueAfter }: {
    signal: AbortSignal;
    continueAfter: (piece: RunLogChunk) => boolean;
  },
): Promise<FollowEnd> {
  const text = new LogText(colours);
  const lines = new StyledLines(coloursIf(colours));
  let written = "\n";
  const write = (sanitised: string) => {
    const styled = lines.next(sanitised);
    if (styled !== "") written = styled;
    return writeText(stream, styled);
  };
  // Later messages of the command must start on a new line.
  const end = () => write(text.end()) && (written.endsWith("\n") || writeText(stream, "\n"));
  // Written to stderr and not to the log, which may be a file.
  const tell = (message: string) => (written.endsWith("\n") || report(""), report(message));
  const options = {
    signal,
    onLost: ({ message }: FlwrError, seconds: number) => {
      const reason = `Lost the connection to the SuperLink: ${message}`;
      tell(`${reason}. Trying to reconnect for ${Math.ceil(seconds)} s`);
    },
    onReconnect: () => report("Reconnected to the SuperLink"),
  };
  try {
    for await (const piece of control.streamLogs(runId, options)) {
      if (!write(text.next(piece.text))) return "unread";
      if (!continueAfter(piece)) break;
    }
    return end() ? "ended" : "unread";
  } catch (error) {
    if (!signal.aborted || FlwrError.from(error).code !== "cancelled") throw error;
    return end() ? "interrupted" : "unread";
  }
}
