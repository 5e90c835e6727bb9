import type { Effects } from "../transactions/transactions.ts";
import type { RunTable, Traffic } from "./run_table.ts";

const NOTHING: Traffic = { bytesSent: 0, bytesReceived: 0, clientAppSeconds: 0 };

/**
 * Counts what runs send and receive, in memory: every object would cost a write to its run otherwise. The counts get
 * into the store when a message is taken, with each heartbeat and at the end of the run, and when the service closes;
 * what the death of the process costs is the bytes counted after the last of these.
 */
export class TrafficMeter {
  readonly #unsaved = new Map<bigint, Traffic>();

  send(effects: Effects<never>, runId: bigint, bytesSent: number): void {
    this.#add(effects, runId, { ...NOTHING, bytesSent });
  }

  receive(effects: Effects<never>, runId: bigint, bytesReceived: number): void {
    this.#add(effects, runId, { ...NOTHING, bytesReceived });
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
    tx: { readonly runs: RunTable },
    effects: Effects<never>,
    runId: bigint,
    more: Partial<Traffic> = {},
  ): Promise<void> {
    const drafted = this.#draft(effects).get(runId) ?? NOTHING;
    const unsaved = sum(this.unsaved(runId), drafted);
    const traffic = sum(unsaved, { ...NOTHING, ...more });
    if (isNothing(traffic)) return;
    this.#add(effects, runId, negative(unsaved));
    await tx.runs.addTraffic(runId, traffic);
  }

  /** A run that is removed: what it sent and received counts nowhere any more. */
  forget(effects: Effects<never>, runId: bigint): void {
    // Its draft is made before this, so that nothing is counted after.
    this.#draft(effects);
    effects.after(() => this.#unsaved.delete(runId));
  }

  #add(effects: Effects<never>, runId: bigint, traffic: Traffic): void {
    const draft = this.#draft(effects);
    draft.set(runId, sum(draft.get(runId) ?? NOTHING, traffic));
  }

  /** What this attempt counts, by run. */
  #draft(effects: Effects<never>): Map<bigint, Traffic> {
    return effects.draft(this, () => new Map<bigint, Traffic>(), (draft) => {
      for (const [runId, traffic] of draft) {
        const total = sum(this.unsaved(runId), traffic);
        if (isNothing(total)) this.#unsaved.delete(runId);
        else this.#unsaved.set(runId, total);
      }
    });
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

function negative({ bytesSent, bytesReceived, clientAppSeconds }: Traffic): Traffic {
  return {
    bytesSent: -bytesSent,
    bytesReceived: -bytesReceived,
    clientAppSeconds: -clientAppSeconds,
  };
}

function isNothing({ bytesSent, bytesReceived, clientAppSeconds }: Traffic): boolean {
  return bytesSent === 0 && bytesReceived === 0 && clientAppSeconds === 0;
}
