/** The calls that a server has open. */
export class OpenCalls {
  #open = 0;
  #closing: PromiseWithResolvers<void> | undefined;

  /** Whether new calls are to be refused. */
  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /** @param completed settles at the call's end */
  add(completed: Promise<void>): void {
    this.#open++;
    const end = () => {
      if (--this.#open === 0) this.#closing?.resolve();
    };
    completed.then(end, end);
  }

  /** Waits until no call is open. @returns whether that came within the time */
  async close(milliseconds: number): Promise<boolean> {
    this.#closing ??= Promise.withResolvers();
    if (this.#open === 0) return true;
    const { promise: late, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(() => resolve(false), milliseconds);
    const inTime = await Promise.race([this.#closing.promise.then(() => true), late]);
    clearTimeout(timer);
    return inTime;
  }
}
