import type { Clock } from "../../../../base/clock.ts";

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
   * @param look returns whether the node has already; called once, after the wait is registered
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
      if (await look()) return;
      await this.#clock.sleep(seconds, AbortSignal.any([signal, sign.signal]));
    } finally {
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(nodeId);
    }
  }
}
