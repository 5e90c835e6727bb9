import type { Effects } from "../transactions/transactions.ts";

/**
 * Counts the joins of each node since the process started. A pull that began before the node's last join belongs to a
 * process that was replaced, so it gets no instruction.
 */
export class Joins {
  readonly #counts = new Map<bigint, number>();

  of(nodeId: bigint): number {
    return this.#counts.get(nodeId) ?? 0;
  }

  /** Counts a node that joins again. */
  note(effects: Effects<never>, nodeId: bigint): void {
    effects.after(() => this.#counts.set(nodeId, this.of(nodeId) + 1));
  }

  /** Removes the count of a node that was removed. */
  forget(effects: Effects<never>, nodeId: bigint): void {
    effects.after(() => this.#counts.delete(nodeId));
  }
}
