/** Whether a server can do its work, for its health checks. It is ready at first. */
export class Readiness {
  #isReady = true;
  #change = Promise.withResolvers<void>();

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Changes the state. Setting the same again has no effect. */
  set isReady(isReady: boolean) {
    if (this.#isReady === isReady) return;
    this.#isReady = isReady;
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
  }

  /** Resolves at the next change, or when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      void this.#change.promise.then(done);
    });
  }
}
