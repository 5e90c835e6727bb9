/** Source of the time, injected so that tests can control it. */
export interface Clock {
  /** Unix time in seconds, with fractions: the unit of every timestamp on Flower's wires. */
  now(): number;
  /** Resolves after `seconds`, or at once when `signal` is aborted; never rejects. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Reason with which to end a sleep early. Without a reason, `abort()` makes a DOMException with its stack, which takes
 * 20 µs, several times for each message.
 */
export const WOKEN: unknown = "woken";

/** The machine's clock. An aborted sleep does not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now() / 1000,
  sleep: (seconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, seconds * 1000));
      signal?.addEventListener("abort", done);
    }),
};

/** A clock that only moves when a test moves it. */
export class FakeClock implements Clock {
  #now: number;
  #sleepers: { due: number; wake: () => void }[] = [];

  constructor(start = 1_800_000_000) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted || seconds <= 0) return resolve();
      const aborted = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      const wake = () => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      };
      const sleeper = { due: this.#now + seconds, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", aborted, { once: true });
    });
  }

  /** Advances the time and wakes all sleepers whose time has come, in order. */
  async advance(seconds: number): Promise<void> {
    const target = this.#now + seconds;
    for (;;) {
      this.#sleepers.sort((a, b) => a.due - b.due);
      const next = this.#sleepers[0];
      if (next === undefined || next.due > target) break;
      this.#sleepers.shift();
      this.#now = next.due;
      next.wake();
      await Promise.resolve();
    }
    this.#now = target;
    await Promise.resolve();
  }
}
