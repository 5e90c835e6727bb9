import { FlwrError } from "../../base/error.ts";

/** Queue that runs asynchronous work one at a time, in the order of the calls. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @throws unavailable after `close` */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new FlwrError("unavailable", "The SuperLink's store is closed"));
    }
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
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
