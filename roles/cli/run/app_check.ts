import { FlwrError } from "../../../base/error.ts";

/** A check of an app that runs in the background. Disposing of it stops the check. */
export class AppCheck implements AsyncDisposable {
  /** Whether the app passed. Never rejects. */
  readonly passed: Promise<boolean>;
  readonly #checked: Promise<void>;
  readonly #disposing = new AbortController();
  readonly #refused = new AbortController();

  /** @param check rejects if the app fails. The signal stops it */
  constructor(check: (signal: AbortSignal) => Promise<void>) {
    this.#checked = check(this.#disposing.signal);
    this.passed = this.#checked.then(() => true, () => {
      this.#refused.abort();
      return false;
    });
  }

  /** Aborted if the app fails, so dependent work can stop. */
  get refused(): AbortSignal {
    return this.#refused.signal;
  }

  /** Rejects with the error of an app that failed. */
  get refusal(): Promise<never> {
    return this.#checked.then(() => {
      throw new FlwrError("internal", "The check of the app passed");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposing.abort();
    await this.passed;
  }
}
