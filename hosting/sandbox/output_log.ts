import type { Clock } from "../../base/clock.ts";
import { counted } from "../../base/readable.ts";

/** Longest line of an app's output in the node's log, in characters. The rest is cut. */
export const MAX_LINE_LENGTH = 2_000;

/** Most lines of an app's output in the node's log: in one burst, and per second after it. */
export const LOG_LINES = { burst: 200, perSecond: 20 } as const;

/** Bytes of an app's output that are read per second. An app that writes faster has to wait. */
const OUTPUT_BYTES_PER_SECOND = 1024 ** 2;

/** Receives a line of an app's output. */
export type LineSink = (line: string) => void;

/**
 * Passes on an app's output, line by line, with limits for the rate of lines, their length, and the rate of bytes. A
 * line of its own reports how many lines were left out.
 */
export async function logOutput(
  stream: AsyncIterable<Uint8Array>,
  clock: Clock,
  sink: LineSink,
): Promise<void> {
  const lines = new RateLimitedLines(clock, sink);
  const decoder = new TextDecoder();
  let unfinished = "";
  for await (const chunk of stream) {
    const pieces = (unfinished + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    unfinished = pieces.pop()!.slice(0, MAX_LINE_LENGTH + 1);
    for (const line of pieces) lines.add(line);
    await clock.sleep(chunk.length / OUTPUT_BYTES_PER_SECOND);
  }
  if (unfinished !== "") lines.add(unfinished);
  lines.end();
}

/** Rate limiter for lines (a token bucket). */
class RateLimitedLines {
  readonly #clock: Clock;
  readonly #sink: LineSink;
  #allowance: number = LOG_LINES.burst;
  #seen: number;
  #left = 0;

  constructor(clock: Clock, sink: LineSink) {
    this.#clock = clock;
    this.#sink = sink;
    this.#seen = clock.now();
  }

  add(line: string): void {
    const now = this.#clock.now();
    const earned = Math.max(0, now - this.#seen) * LOG_LINES.perSecond;
    this.#allowance = Math.min(LOG_LINES.burst, this.#allowance + earned);
    this.#seen = now;
    if (this.#allowance < 1) {
      this.#left += 1;
      return;
    }
    this.end();
    this.#allowance -= 1;
    this.#sink(line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line);
  }

  /** Reports how many lines were left out since the last one that passed. */
  end(): void {
    if (this.#left > 0) this.#sink(`(${counted(this.#left, "line")} left out)`);
    this.#left = 0;
  }
}
