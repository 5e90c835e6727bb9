/** Limits how many tasks run at the same time. */
export class Parallel {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param limit maximum number of running tasks, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs one task as soon as the limit allows. @returns its result */
  async run<T>(work: () => Promise<T>): Promise<T> {
    // The woken task takes over the place of the one that ended, so no other task can slip in between.
    if (this.#running < this.#limit) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  /**
   * Applies a function to each item. After the first failure, items not yet started are skipped.
   *
   * @returns the results in the order of the items
   */
  async map<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
    let failed = false;
    const each = Array.from(items, (item) =>
      this.run(async () => {
        if (failed) return undefined as R; // Promise.all has already rejected
        try {
          return await work(item);
        } catch (error) {
          failed = true;
          throw error;
        }
      }));
    return await Promise.all(each);
  }
}
