import { STRANGERS_CALLS } from "./limits.ts";
import type { Http2Stream } from "./stream.ts";

/** Callbacks of a {@link CallQueue}. */
export interface CallQueueOptions {
  /** Answers a call. Never rejects. @returns whether the caller was admitted */
  readonly answer: (stream: Http2Stream) => Promise<boolean>;
  /** Called when a call was answered. */
  readonly answered: (admitted: boolean) => void;
}

/** Queue of one connection's calls that are not started yet, oldest first. Also counts the calls in progress. */
export class CallQueue {
  readonly #options: CallQueueOptions;
  readonly #waiting = new Set<Http2Stream>();
  #working = 0;
  #known = false;

  constructor(options: CallQueueOptions) {
    this.#options = options;
  }

  /** Whether a call of this connection was admitted. */
  get known(): boolean {
    return this.#known;
  }

  /** Number of calls not started yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Number of calls in progress, including those whose callers disconnected. */
  get working(): number {
    return this.#working;
  }

  /** Adds a call, which waits for {@link start}. */
  add(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  /** Removes a call that has ended before it was started. */
  drop(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  /** Starts calls. Until one is admitted, only a few run at a time, because a refusal may end the connection. */
  start(): void {
    while (this.#known || this.#working < STRANGERS_CALLS) {
      const [stream] = this.#waiting;
      if (stream === undefined) return;
      this.#waiting.delete(stream);
      this.#begin(stream);
    }
  }

  /** Removes all waiting calls. */
  clear(): void {
    this.#waiting.clear();
  }

  #begin(stream: Http2Stream): void {
    this.#working++;
    this.#options.answer(stream).then((admitted) => {
      this.#working--;
      this.#known ||= admitted;
      this.#options.answered(admitted);
    });
  }
}
