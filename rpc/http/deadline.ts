/** Deadline of one attempt at a call. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Why it expired, if it has. */
  expired: "late" | "unreachable" | undefined;
  /** The current limit, in seconds. */
  seconds = Infinity;

  /** @param seconds from now; unlimited by default */
  constructor(seconds: number | undefined) {
    if (seconds !== undefined) this.set(seconds);
  }

  /** Aborted when the deadline expires. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Replaces the limit. @param seconds from now */
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
