/** Largest number of items in one batch, because other transactions wait for it. */
const LARGEST_BATCH = 1_000;

/**
 * Handles what many calls want at the same time in one transaction, so that a thousand nodes do not cost a thousand
 * transactions. An item waits while the batch before its own is handled; without one it is handled at once.
 */
export class Together<Item, Result> {
  readonly #handle: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #waiting: (PromiseWithResolvers<Result> & { readonly item: Item })[] = [];
  #isRunning = false;

  /**
   * @param handle handles a batch in one transaction, which begins when this is called. Returns a result for each item,
   *   in their order. If it rejects, so does every call of the batch
   */
  constructor(handle: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#handle = handle;
  }

  /** Handles an item, in a transaction that begins after this call. */
  run(item: Item): Promise<Result> {
    const call = { item, ...Promise.withResolvers<Result>() };
    this.#waiting.push(call);
    if (!this.#isRunning) void this.#handleAll();
    return call.promise;
  }

  /** Never rejects. */
  async #handleAll(): Promise<void> {
    this.#isRunning = true;
    // Calls of the same turn of the event loop come together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, LARGEST_BATCH);
      try {
        const results = await this.#handle(batch.map(({ item }) => item));
        for (const [place, { resolve }] of batch.entries()) resolve(results[place]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isRunning = false;
  }
}
