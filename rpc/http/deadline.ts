/** Deadline of one attempt at a call. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #start = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Why it expired, if it has. */
  expired: "late" | "unreachable" | undefined;
  /** The time that the try has, from its start. */
  seconds = Infinity;

  /** @param seconds from the start; without it the try may take for ever */
  constructor(seconds: number | undefined) {
    if (seconds !== undefined) this.set(seconds);
  }

  /** Aborted when the deadline expires. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Seconds since the start. */
  get elapsed(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Gives another time in place of the one before. @param seconds from the start */
  set(seconds: number): void {
    clearTimeout(this.#timer);
    this.seconds = seconds;
    const left = Math.max(0, seconds - this.elapsed);
    this.#timer = setTimeout(() => this.expire("late"), left * 1000);
  }

  expire(why: "late" | "unreachable"): void {
    this.expired ??= why;
    this.#controller.abort();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
