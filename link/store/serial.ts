import { FlwrError } from "../../base/error.ts";

/** Queue that runs asynchronous work one at a time, in the order of the calls. */
export class Serial {
  readonly #limit: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param limit largest number of works that wait; default: no limit */
  constructor(limit = Infinity) {
    this.#limit = limit;
  }

  /** @throws unavailable after `close`, and at the limit */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new FlwrError("unavailable", "The SuperLink's store is closed"));
    }
    if (this.#waiting >= this.#limit) {
      return Promise.reject(new FlwrError("unavailable", "The SuperLink's store is overloaded"));
    }
    this.#waiting++;
    const result = this.#last.then(work);
    const done = () => {
      this.#waiting--;
    };
    this.#last = result.then(done, done);
    return result;
  }

  /**
   * Rejects further work and waits for the work in the queue.
   *
   * @returns false if it was closed before
   */
  async close(): Promise<boolean> {
    const first = !this.#closed;
    this.#closed = true;
    await this.#last;
    return first;
  }
}
