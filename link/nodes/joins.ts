import type { Effects } from "../transactions/transactions.ts";

/**
 * How often nodes have joined since the service began. A pull that began before its node's last join is that of a process
 * whose place was taken, and which may be gone: nothing is handed to it any more.
 */
export class Joins {
  readonly #counts = new Map<bigint, number>();

  of(nodeId: bigint): number {
    return this.#counts.get(nodeId) ?? 0;
  }

  /** Takes note of a node that was here and joins again. */
  note(effects: Effects<never>, nodeId: bigint): void {
    effects.after(() => this.#counts.set(nodeId, this.of(nodeId) + 1));
  }

  /** A node that is forgotten never joins again. */
  forget(effects: Effects<never>, nodeId: bigint): void {
    effects.after(() => this.#counts.delete(nodeId));
  }
}
