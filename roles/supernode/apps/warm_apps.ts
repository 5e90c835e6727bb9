/** How many bundles' apps are kept ready, and how many runs' instances; beyond it the one unused for longest ends. */
export const MAX_WARM_APPS = 4;

/** Apps that are kept ready, by a key (a bundle's hash, a run's id): beyond the limit the one unused for longest ends. */
export class WarmApps<App extends Disposable> implements AsyncDisposable {
  readonly #limit: number;
  readonly #byKey = new Map<string, Promise<App>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The app under a key, made ready if it is not. What fails to become ready is tried again the next time. */
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

  /** Ends the app under a key, if there is one. */
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
  const app = await warm.catch(() => undefined); // what never became ready needs no end
  app?.[Symbol.dispose]();
}
