import type { Clock } from "../../base/clock.ts";

/** What one can wait for: work for a node, something to tell about an instruction, a run to take on, lines of its log. */
export type Topic = `work:${bigint}` | `reply:${string}` | "runs" | `log:${bigint}`;

/** Lets callers sleep until something happens, without asking again and again. */
export class Wakes {
  readonly #listeners = new Map<Topic, Set<Listener>>();

  /** Starts to listen; what is woken from now on is not missed. Close it when done. */
  listen(topics: readonly Topic[]): Listener {
    const listener = new Listener(() => {
      for (const topic of topics) {
        const listeners = this.#listeners.get(topic);
        listeners?.delete(listener);
        if (listeners?.size === 0) this.#listeners.delete(topic);
      }
    });
    for (const topic of topics) {
      const listeners = this.#listeners.get(topic);
      if (listeners === undefined) this.#listeners.set(topic, new Set([listener]));
      else listeners.add(listener);
    }
    return listener;
  }

  /** Wakes everyone who listens to the topic. */
  wake(topic: Topic): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener.wake();
  }

  /** Wakes everyone. */
  wakeAll(): void {
    for (const listeners of this.#listeners.values()) {
      for (const listener of listeners) listener.wake();
    }
  }

  /** How many topics are listened to. */
  get size(): number {
    return this.#listeners.size;
  }
}

/** One caller's ear. */
export class Listener implements Disposable {
  readonly #close: () => void;
  #nap = new AbortController();

  constructor(close: () => void) {
    this.#close = close;
  }

  /** Sleeps until woken (also if that happened since the last sleep), for `seconds`, or until aborted. */
  async sleep(clock: Clock, seconds: number, signal?: AbortSignal): Promise<void> {
    const nap = this.#nap;
    const wake = () => nap.abort();
    signal?.addEventListener("abort", wake, { once: true });
    if (signal?.aborted) wake();
    try {
      await clock.sleep(seconds, nap.signal);
    } finally {
      signal?.removeEventListener("abort", wake);
      if (nap.signal.aborted) this.#nap = new AbortController();
    }
  }

  wake(): void {
    this.#nap.abort();
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}
