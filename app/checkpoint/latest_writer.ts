/**
 * Writes snapshots one after the other while their maker goes on. Of the snapshots that wait for a write in progress, only
 * the newest is written.
 */
export class LatestWriter {
  #writing: Promise<void> | undefined;
  #waiting: (() => Promise<void>) | undefined;
  #failure: { readonly error: unknown } | undefined;

  /**
   * Writes a snapshot, now or after the write in progress. It replaces one that waits.
   *
   * @param write handles its own errors: {@link settled} throws any other
   */
  write(write: () => Promise<void>): void {
    this.#waiting = write;
    this.#writing ??= this.#writeAll();
  }

  /** Waits until nothing is left to write. @throws the error of a write, once */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** Never rejects, because nothing may wait for it. */
  async #writeAll(): Promise<void> {
    while (this.#waiting !== undefined) {
      const write = this.#waiting;
      this.#waiting = undefined;
      try {
        await write();
      } catch (error) {
        this.#failure ??= { error };
      }
    }
    this.#writing = undefined;
  }
}
