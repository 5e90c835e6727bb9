import { STRANGERS_CALLS } from "./limits.ts";
import type { Http2Stream } from "./stream.ts";

/** How the calls of a connection are begun. */
export interface CallQueueOptions {
  /** Answers a call; settles when that is done. Never rejects. @returns whether the caller was let in */
  readonly answer: (stream: Http2Stream) => Promise<boolean>;
  /** A call was answered. */
  readonly answered: (letIn: boolean) => void;
}

/** The calls of one connection that wait to be begun, the oldest first, and how many are worked on. */
export class CallQueue {
  readonly #options: CallQueueOptions;
  readonly #waiting = new Set<Http2Stream>();
  #working = 0;
  #known = false;

  constructor(options: CallQueueOptions) {
    this.#options = options;
  }

  /** Whether a call of this connection was let in. */
  get known(): boolean {
    return this.#known;
  }

  /** Calls that were not begun. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls that are worked on, also of callers that are gone. */
  get working(): number {
    return this.#working;
  }

  /** Has a call wait for {@link start}. */
  add(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  /** Forgets a call that is over: one that was not begun never is. */
  drop(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  /** Begins calls. Of somebody unknown few are answered at a time: the refusal of one may end the connection. */
  start(): void {
    while (this.#known || this.#working < STRANGERS_CALLS) {
      const [stream] = this.#waiting;
      if (stream === undefined) return;
      this.#waiting.delete(stream);
      this.#begin(stream);
    }
  }

  /** Forgets all that wait. */
  clear(): void {
    this.#waiting.clear();
  }

  #begin(stream: Http2Stream): void {
    this.#working++;
    this.#options.answer(stream).then((letIn) => {
      this.#working--;
      this.#known ||= letIn;
      this.#options.answered(letIn);
    });
  }
}
