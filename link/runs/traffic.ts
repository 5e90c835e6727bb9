import type { Effects } from "../transactions/transactions.ts";
import type { Traffic } from "./run_table.ts";
import type { LinkTransaction } from "../store/store.ts";

const NOTHING: Traffic = { bytesSent: 0, bytesReceived: 0, clientAppSeconds: 0 };

/**
 * Counts what runs send and receive, in memory: every object would cost a write to its run otherwise. The counts get
 * into the store when a message is taken, with each heartbeat and at the end of the run, and when the service closes;
 * what the death of the process costs is the bytes counted after the last of these.
 */
export class TrafficMeter {
  readonly #unsaved = new Map<bigint, Traffic>();

  send(runId: bigint, bytesSent: number): void {
    this.#add(runId, { ...NOTHING, bytesSent });
  }

  receive(runId: bigint, bytesReceived: number): void {
    this.#add(runId, { ...NOTHING, bytesReceived });
  }

  /** What the store does not know of yet. */
  unsaved(runId: bigint): Traffic {
    return this.#unsaved.get(runId) ?? NOTHING;
  }

  /** The runs of which there is something. */
  runs(): bigint[] {
    return [...this.#unsaved.keys()];
  }

  /** Writes what is unsaved, and what is given, to the run. */
  async save(
    tx: LinkTransaction,
    effects: Effects,
    runId: bigint,
    more: Partial<Traffic> = {},
  ): Promise<void> {
    const unsaved = this.unsaved(runId);
    const traffic = sum(unsaved, { ...NOTHING, ...more });
    if (traffic.bytesSent + traffic.bytesReceived + traffic.clientAppSeconds === 0) return;
    this.#unsaved.delete(runId);
    effects.undo.push(() => this.#add(runId, unsaved));
    await tx.runs.addTraffic(runId, traffic);
  }

  /** A run that is removed: what it sent and received counts nowhere any more. */
  forget(runId: bigint): void {
    this.#unsaved.delete(runId);
  }

  #add(runId: bigint, traffic: Traffic): void {
    this.#unsaved.set(runId, sum(this.unsaved(runId), traffic));
  }
}

/** Both together. */
export function sum(a: Traffic, b: Traffic): Traffic {
  return {
    bytesSent: a.bytesSent + b.bytesSent,
    bytesReceived: a.bytesReceived + b.bytesReceived,
    clientAppSeconds: a.clientAppSeconds + b.clientAppSeconds,
  };
}
