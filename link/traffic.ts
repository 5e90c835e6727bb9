import type { Effects } from "./context.ts";
import type { LinkTransaction } from "./store/store.ts";

/** What a transaction adds to a run's traffic beside what was sent since the last time. */
export interface TrafficAddition {
  readonly bytesReceived?: number;
  readonly clientAppSeconds?: number;
}

/**
 * Counts the bytes that were sent, in memory: a pull would have to write otherwise. They get into the store with the
 * run's next push, heartbeat, or end, and when the service closes; what the death of the process costs is what was
 * sent after the last of these.
 */
export class TrafficMeter {
  readonly #sent = new Map<bigint, number>();

  send(runId: bigint, bytes: number): void {
    this.#sent.set(runId, this.unsaved(runId) + bytes);
  }

  /** Bytes sent that the store does not know of yet. */
  unsaved(runId: bigint): number {
    return this.#sent.get(runId) ?? 0;
  }

  /** The runs with such bytes. */
  runs(): bigint[] {
    return [...this.#sent.keys()];
  }

  /** Writes what is unsaved, and what is given, to the run. */
  async save(
    tx: LinkTransaction,
    effects: Effects,
    runId: bigint,
    { bytesReceived = 0, clientAppSeconds = 0 }: TrafficAddition = {},
  ): Promise<void> {
    const bytesSent = this.unsaved(runId);
    if (bytesSent + bytesReceived + clientAppSeconds === 0) return;
    this.#sent.delete(runId);
    if (bytesSent > 0) effects.undo.push(() => this.send(runId, bytesSent));
    await tx.runs.addTraffic(runId, { bytesSent, bytesReceived, clientAppSeconds });
  }
}
