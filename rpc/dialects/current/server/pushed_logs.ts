import type { Clock } from "../../../../base/clock.ts";
import { RunLogLines } from "../../../../base/run_log_lines.ts";
import { MAX_STAMPED_LOG_CHARS, MAX_UNFINISHED_LOGS } from "./limits.ts";

/**
 * Makes lines of a run's log from what a ServerApp in a program of its own pushes: Python's pushes what each call
 * wrote, with its line ends.
 */
export class PushedLogs {
  readonly #clock: Clock;
  /** Logs whose last piece ended within a line, the oldest first. */
  readonly #unfinished = new Map<bigint, RunLogLines>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param pieces what each call wrote, the oldest first. Of more than {@link MAX_STAMPED_LOG_CHARS} the end counts */
  linesOf(runId: bigint, pieces: readonly string[]): string[] {
    const lines = this.#unfinished.get(runId) ??
      new RunLogLines(() => new Date(this.#clock.now() * 1000).toISOString());
    const shown = latest(pieces).map((piece) => lines.next(piece));
    this.#unfinished.delete(runId);
    if (lines.within) this.#unfinished.set(runId, lines);
    for (const [oldest] of this.#unfinished) {
      if (this.#unfinished.size <= MAX_UNFINISHED_LOGS) break;
      this.#unfinished.delete(oldest);
    }
    return shown;
  }

  /** The run has ended. */
  end(runId: bigint): void {
    this.#unfinished.delete(runId);
  }
}

function latest(pieces: readonly string[]): string[] {
  const kept: string[] = [];
  let room = MAX_STAMPED_LOG_CHARS;
  for (let at = pieces.length - 1; at >= 0 && room > 0; at--) {
    const piece = pieces[at]!.slice(-room);
    kept.push(piece);
    room -= piece.length;
  }
  return kept.reverse();
}
