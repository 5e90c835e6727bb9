/** Most bundles whose apps are kept ready, and most runs whose instances are. The least recently used one is ended. */
export const MAX_WARM_APPS = 4;

/** Cache of ready apps by a key (a bundle's hash or a run's id). Beyond the limit, the least recently used one is ended. */
export class WarmApps<App extends Disposable> implements AsyncDisposable {
  readonly #limit: number;
  readonly #byKey = new Map<string, Promise<App>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the app of a key, and starts it if needed. A failed start is not cached. */
  async get(key: string, start: () => Promise<App>): Promise<App> {
    const warm = this.#byKey.get(key) ?? start();
    this.#byKey.delete(key);
    this.#byKey.set(key, warm);
    try {
      const app = await warm;
      await this.#makeRoom();
      return app;
    } catch (error) {
      if (this.#byKey.get(key) === warm) this.#byKey.delete(key);
      throw error;
    }
  }

  /** Ends the app of a key, if there is one. */
  async end(key: string): Promise<void> {
    const app = this.#byKey.get(key);
    this.#byKey.delete(key);
    if (app !== undefined) await dispose(app);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const apps = [...this.#byKey.values()];
    this.#byKey.clear();
    await Promise.all(apps.map(dispose));
  }

  async #makeRoom(): Promise<void> {
    for (const [oldest, app] of this.#byKey) {
      if (this.#byKey.size <= this.#limit) break;
      this.#byKey.delete(oldest);
      await dispose(app);
    }
  }
}

async function dispose<App extends Disposable>(warm: Promise<App>): Promise<void> {
  // An app whose start failed needs no end.
  const app = await warm.catch(() => undefined);
  app?.[Symbol.dispose]();
}
