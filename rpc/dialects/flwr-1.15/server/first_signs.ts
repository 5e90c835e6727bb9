import type { Clock } from "../../../../base/clock.ts";

/** Seconds after which a wait looks again, because the node can show it at another SuperLink on the same store. */
const LOOK_AGAIN_SECONDS = 5;

/** Lets calls wait until their node has shown how it receives messages. */
export class FirstSigns {
  readonly #clock: Clock;
  readonly #waiting = new Map<bigint, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the waits for a node, which has shown it. */
  notify(nodeId: bigint): void {
    for (const wake of this.#waiting.get(nodeId) ?? []) wake();
  }

  /**
   * Waits until a node has shown it.
   *
   * @param look returns whether the node has already; called after the wait is registered, and every
   *   {@link LOOK_AGAIN_SECONDS}
   * @param seconds the longest wait
   * @param signal ends the wait
   */
  async waitFor(
    nodeId: bigint,
    look: () => Promise<boolean>,
    seconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    const sign = new AbortController();
    const wake = () => sign.abort();
    const waiting = this.#waiting.get(nodeId) ?? new Set();
    this.#waiting.set(nodeId, waiting.add(wake));
    try {
      const until = this.#clock.now() + seconds;
      const ended = AbortSignal.any([signal, sign.signal]);
      while (!await look()) {
        const left = until - this.#clock.now();
        if (ended.aborted || left <= 0) return;
        await this.#clock.sleep(Math.min(left, LOOK_AGAIN_SECONDS), ended);
        if (ended.aborted) return;
      }
    } finally {
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(nodeId);
    }
  }
}
