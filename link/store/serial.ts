import { FlwrError } from "../../base/error.ts";

/** Runs one piece of work after the other, in the order of the calls. */
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
   * Takes no further work and waits for what it has.
   *
   * @returns false when it was closed before
   */
  async close(): Promise<boolean> {
    const first = !this.#closed;
    this.#closed = true;
    await this.#last;
    return first;
  }
}
