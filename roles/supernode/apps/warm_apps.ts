/** Apps that are kept ready, by the hash of their bundle: beyond the limit the one unused for longest ends. */
export class WarmApps<App extends Disposable> implements AsyncDisposable {
  readonly #limit: number;
  readonly #byHash = new Map<string, Promise<App>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The app of a bundle, made ready if it is not. What fails to become ready is tried again the next time. */
  async get(hash: string, start: () => Promise<App>): Promise<App> {
    const warm = this.#byHash.get(hash) ?? start();
    this.#byHash.delete(hash);
    this.#byHash.set(hash, warm);
    try {
      const app = await warm;
      await this.#makeRoom();
      return app;
    } catch (error) {
      if (this.#byHash.get(hash) === warm) this.#byHash.delete(hash);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const apps = [...this.#byHash.values()];
    this.#byHash.clear();
    await Promise.all(apps.map(dispose));
  }

  async #makeRoom(): Promise<void> {
    for (const [oldest, app] of this.#byHash) {
      if (this.#byHash.size <= this.#limit) break;
      this.#byHash.delete(oldest);
      await dispose(app);
    }
  }
}

async function dispose<App extends Disposable>(warm: Promise<App>): Promise<void> {
  const app = await warm.catch(() => undefined); // what never became ready needs no end
  app?.[Symbol.dispose]();
}
