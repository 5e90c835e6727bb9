import { type Clock, WOKEN } from "../../base/clock.ts";

/**
 * Topic of a wake-up: instructions for a node, the reply to an instruction, pending runs, a run's log,
 * SuperLinks on the same store of which one has ended, the journal, or the records of a run in it.
 */
export type Topic =
  | `work:${bigint}`
  | `reply:${string}`
  | "runs"
  | `log:${bigint}`
  | "superlinks"
  | "journal"
  | `journal:${bigint}`;

/** The part of a topic before its colon. */
export type TopicKind = "work" | "reply" | "runs" | "log" | "superlinks";

/** Wakes long polls when their topics change. */
export class Wakes {
  readonly #listeners = new Map<Topic, Set<Listener>>();

  /** Starts to listen. No wake from now on is missed. Dispose of the listener when done. */
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

  /** Wakes all listeners of a topic. */
  wake(topic: Topic): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener.wake();
  }

  /** Wakes all listeners. */
  wakeAll(): void {
    for (const listeners of this.#listeners.values()) {
      for (const listener of listeners) listener.wake();
    }
  }

  /** The topics with listeners. */
  topics(): Topic[] {
    return [...this.#listeners.keys()];
  }

  /** Number of listeners by the kind of their first topic. */
  countListeners(): Readonly<Record<TopicKind, number>> {
    const counts: Record<TopicKind, number> = {
      work: 0,
      reply: 0,
      runs: 0,
      log: 0,
      superlinks: 0,
    };
    const seen = new Set<Listener>();
    for (const [topic, listeners] of this.#listeners) {
      const kind = topic.split(":", 1)[0] as TopicKind;
      for (const listener of listeners) {
        // A pull of replies listens to many topics of one kind.
        if (seen.has(listener)) continue;
        seen.add(listener);
        counts[kind]++;
      }
    }
    return counts;
  }

  /** Number of topics with listeners. */
  get size(): number {
    return this.#listeners.size;
  }
}

/** Listener of one long poll. */
export class Listener implements Disposable {
  readonly #close: () => void;
  #nap = new AbortController();

  constructor(close: () => void) {
    this.#close = close;
  }

  /** Sleeps for `seconds`, until woken, or until aborted. A wake since the last sleep ends the sleep at once. */
  async sleep(clock: Clock, seconds: number, signal?: AbortSignal): Promise<void> {
    const nap = this.#nap;
    const wake = () => nap.abort(WOKEN);
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
    this.#nap.abort(WOKEN);
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}
