/** Ends one try of a call. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What ended it, if anything has. */
  expired: "late" | "unreachable" | undefined;
  /** The time that was given last. */
  seconds = Infinity;

  /** @param seconds from now on; without it the try may take for ever */
  constructor(seconds: number | undefined) {
    if (seconds !== undefined) this.set(seconds);
  }

  /** Aborted at the end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives another time in place of the one before. @param seconds from now on */
  set(seconds: number): void {
    clearTimeout(this.#timer);
    this.seconds = seconds;
    this.#timer = setTimeout(() => this.expire("late"), seconds * 1000);
  }

  expire(why: "late" | "unreachable"): void {
    this.expired ??= why;
    this.#controller.abort();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
