/** Lets a bounded number of pieces of work run at a time, whoever asks for them. */
export class Parallel {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param limit how many, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs one piece of work as soon as there is room. @returns what it returns, or throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    // Who is woken takes over the place of who has ended, so that nobody can slip in between.
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
   * Does the same with each item. The first failure ends it: what has not begun is left out.
   *
   * @returns the results in the order of the items
   */
  async map<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
    let failed = false;
    const each = Array.from(items, (item) =>
      this.run(async () => {
        if (failed) return undefined as R; // Promise.all has rejected: nobody sees it
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
