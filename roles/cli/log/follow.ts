import type { RunId } from "../../../entities/metadata.ts";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import type {
  ControlClient,
  LogText as LogPiece,
} from "../../../rpc/dialects/current/client/control_client.ts";
import { coloursIf } from "../../output/colours.ts";
import { StyledLines } from "../../output/line_style.ts";
import { LogText } from "../../output/log_text.ts";
import { type Stream, writeText } from "../../output/write_text.ts";

/**
 * Seconds without a new line after which what there is of a running run's log has come, from a SuperLink that does not say
 * so: Flower's, or an earlier one of ours.
 */
const QUIET_SECONDS = 1;

/** The same before the first line, which may be a long log that takes its time. */
const FIRST_LINE_SECONDS = 10;

/** Seconds that the next part of a log may take of which the SuperLink has said that more is to come. */
const PART_SECONDS = 120;

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
 * Writes what there is of a run's log. A SuperLink of Flower does not say where that ends: it ends with what was written
 * after the command began, or when nothing comes for a while.
 *
 * @param began the SuperLink's time: Unix seconds
 * @throws FlwrError as ControlClient.streamLogs; "deadline-exceeded" when a part does not come that was announced
 */
export async function showLog(
  control: ControlClient,
  runId: RunId,
  sink: LogSink,
  signal: AbortSignal,
  began: number,
  clock: Clock = systemClock,
): Promise<Followed> {
  const quiet = new AbortController();
  let heard = new AbortController();
  const expireIn = (seconds: number) => {
    heard = new AbortController();
    const { signal } = heard;
    clock.sleep(seconds, signal).then(() => signal.aborted || quiet.abort());
  };
  let isPart = false;
  expireIn(FIRST_LINE_SECONDS);
  try {
    const ended = await writeLog(control, runId, sink, {
      signal: AbortSignal.any([signal, quiet.signal]),
      goesOn: ({ latest, whole }) => {
        heard.abort();
        isPart = whole === false;
        if (whole !== true) expireIn(isPart ? PART_SECONDS : QUIET_SECONDS);
        return whole !== true && latest < began;
      },
    });
    if (ended !== "interrupted" || signal.aborted) return ended;
    if (isPart) throw partMissing(runId);
    return "ended";
  } finally {
    heard.abort();
  }
}

function partMissing(runId: RunId): FlwrError {
  return new FlwrError(
    "deadline-exceeded",
    `The rest of the log of run ${runId} did not come within ${PART_SECONDS} s`,
    { hints: ["Try again later"] },
  );
}

async function writeLog(
  control: ControlClient,
  runId: RunId,
  { stream, colours }: LogSink,
  { signal, goesOn }: { signal: AbortSignal; goesOn: (piece: LogPiece) => boolean },
): Promise<Followed> {
  const text = new LogText(colours);
  const lines = new StyledLines(coloursIf(colours));
  let written = "\n";
  const write = (harmless: string) => {
    const styled = lines.next(harmless);
    if (styled !== "") written = styled;
    return writeText(stream, styled);
  };
  // What the command says next is on a line of its own.
  const end = () => write(text.end()) && (written.endsWith("\n") || writeText(stream, "\n"));
  try {
    for await (const piece of control.streamLogs(runId, { signal })) {
      if (!write(text.next(piece.text))) return "unread";
      if (!goesOn(piece)) break;
    }
    return end() ? "ended" : "unread";
  } catch (error) {
    if (!signal.aborted || FlwrError.from(error).code !== "cancelled") throw error;
    return end() ? "interrupted" : "unread";
  }
}
