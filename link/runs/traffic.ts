import type { Effects } from "../transactions/transactions.ts";
import type { RunTable, Traffic } from "./run_table.ts";

const NOTHING: Traffic = { bytesSent: 0, bytesReceived: 0, clientAppSeconds: 0 };

/**
 * Counts the traffic of runs in memory, which saves a write for each object. The counts are stored when a message is
 * accepted, with each heartbeat, at the end of the run, each minute if the store is shared, and when the domain closes.
 * A crash loses the counts since then.
 */
export class TrafficMeter {
  readonly #unsaved = new Map<bigint, Traffic>();
  readonly #onTraffic: (sent: number, received: number) => void;

  /** @param onTraffic called with the bytes that committed transactions sent and received (default: nothing is) */
  constructor(onTraffic: (sent: number, received: number) => void = () => {}) {
    this.#onTraffic = onTraffic;
  }

  send(effects: Effects<never>, runId: bigint, bytesSent: number): void {
    this.#add(effects, runId, { ...NOTHING, bytesSent });
  }

  receive(effects: Effects<never>, runId: bigint, bytesReceived: number): void {
    this.#add(effects, runId, { ...NOTHING, bytesReceived });
  }

  /** Traffic that is not stored yet. */
  unsaved(runId: bigint): Traffic {
    return this.#unsaved.get(runId) ?? NOTHING;
  }

  /** Runs with traffic that is not stored yet. */
  runs(): bigint[] {
    return [...this.#unsaved.keys()];
  }

  /**
   * Adds the unsaved traffic to the stored run.
   *
   * @param more to add in the same write: seconds that a ClientApp worked, and the number of results
   */
  async save(
    tx: { readonly runs: RunTable },
    effects: Effects<never>,
    runId: bigint,
    { clientAppSeconds = 0, results = 0 }: { clientAppSeconds?: number; results?: number } = {},
  ): Promise<void> {
    const traffic = sumTraffic(this.#take(effects, runId), { ...NOTHING, clientAppSeconds });
    if (results > 0 || !isNothing(traffic)) await tx.runs.addTraffic(runId, traffic, results);
  }

  /** Takes the unsaved traffic of a run from memory at once, so that no other transaction stores it, too. */
  #take(effects: Effects<never>, runId: bigint): Traffic {
    const unsaved = this.unsaved(runId);
    if (!isNothing(unsaved)) {
      this.#unsaved.delete(runId);
      effects.undo(() => this.#merge(runId, unsaved));
    }
    const draft = this.#draft(effects);
    const drafted = draft.get(runId) ?? NOTHING;
    draft.delete(runId);
    return sumTraffic(unsaved, drafted);
  }

  /** Removes the counts of a run that is removed. */
  forget(effects: Effects<never>, runId: bigint): void {
    // Creates the draft first: effects run in order, so the draft is merged before the count is deleted.
    this.#draft(effects);
    effects.after(() => this.#unsaved.delete(runId));
  }

  #add(effects: Effects<never>, runId: bigint, traffic: Traffic): void {
    const draft = this.#draft(effects);
    draft.set(runId, sumTraffic(draft.get(runId) ?? NOTHING, traffic));
    effects.after(() => this.#onTraffic(traffic.bytesSent, traffic.bytesReceived));
  }

  /** Traffic counted by the current transaction attempt, by run. */
  #draft(effects: Effects<never>): Map<bigint, Traffic> {
    return effects.draft(this, () => new Map<bigint, Traffic>(), (draft) => {
      for (const [runId, traffic] of draft) this.#merge(runId, traffic);
    });
  }

  #merge(runId: bigint, traffic: Traffic): void {
    this.#unsaved.set(runId, sumTraffic(this.unsaved(runId), traffic));
  }
}

/** The sum of two amounts of traffic. */
export function sumTraffic(a: Traffic, b: Traffic): Traffic {
  return {
    bytesSent: a.bytesSent + b.bytesSent,
    bytesReceived: a.bytesReceived + b.bytesReceived,
    clientAppSeconds: a.clientAppSeconds + b.clientAppSeconds,
  };
}

function isNothing({ bytesSent, bytesReceived, clientAppSeconds }: Traffic): boolean {
  return bytesSent === 0 && bytesReceived === 0 && clientAppSeconds === 0;
}
