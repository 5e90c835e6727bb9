import { FlwrError } from "../../../base/error.ts";

/** A check of an app that goes on while something else is done. It ends with this at the latest. */
export class AppCheck implements AsyncDisposable {
  /** Whether nothing was found; never rejects. */
  readonly passed: Promise<boolean>;
  readonly #checked: Promise<void>;
  readonly #leaving = new AbortController();
  readonly #refused = new AbortController();

  /** @param check rejects with what it finds; the signal ends it */
  constructor(check: (signal: AbortSignal) => Promise<void>) {
    this.#checked = check(this.#leaving.signal);
    this.passed = this.#checked.then(() => true, () => {
      this.#refused.abort();
      return false;
    });
  }

  /** Aborted when something was found: what goes on meanwhile is for nothing. */
  get refused(): AbortSignal {
    return this.#refused.signal;
  }

  /** Rejects with what was found. */
  get refusal(): Promise<never> {
    return this.#checked.then(() => {
      throw new FlwrError("internal", "The check of the app found nothing");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort();
    await this.passed;
  }
}
