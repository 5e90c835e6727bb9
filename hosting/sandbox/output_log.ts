import type { Clock } from "../../base/clock.ts";

/** Longest line of an app's output that goes into the node's log, in characters; the rest is cut. */
export const MAX_LINE_LENGTH = 2_000;

/** Lines of an app's output that go into the node's log at once, and per second from then on. */
export const LOG_LINES = { burst: 200, perSecond: 20 } as const;

/** Bytes of an app's output that are read in a second; an app that writes more waits. */
const OUTPUT_BYTES_PER_SECOND = 1024 ** 2;

/** Takes a line of an app's output. */
export type TakeLine = (line: string) => void;

/**
 * Passes on what an app prints, line by line: no more lines than fit into a log, no longer ones, and no faster than it
 * can be read beside other work. What is left out is counted in a line of its own.
 */
export async function logOutput(
  stream: AsyncIterable<Uint8Array>,
  clock: Clock,
  take: TakeLine,
): Promise<void> {
  const lines = new RateLimitedLines(clock, take);
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

/** Lets so many lines pass at once, and so many a second after that. */
class RateLimitedLines {
  readonly #clock: Clock;
  readonly #take: TakeLine;
  #allowance: number = LOG_LINES.burst;
  #seen: number;
  #left = 0;

  constructor(clock: Clock, take: TakeLine) {
    this.#clock = clock;
    this.#take = take;
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
    this.#take(line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line);
  }

  /** Tells how many lines were left out since the last one that passed. */
  end(): void {
    if (this.#left > 0) this.#take(`(${this.#left} lines were left out)`);
    this.#left = 0;
  }
}
