import type { Effects } from "../transactions/transactions.ts";

/** Longest part of a node's error reason that is reported, in characters. */
const REASON_CHARACTERS = 300;

/** A reply or an error reply. */
interface Outcome {
  readonly runId: bigint;
  readonly srcNodeId: bigint;
  readonly error?: { readonly reason: string };
}

/** Number of results and errors among a run's replies. */
interface Outcomes {
  readonly results: number;
  readonly errors: number;
  /** The last error. */
  readonly last?: { readonly nodeId: bigint; readonly reason: string };
}

/**
 * Counts results and errors among the replies of each run, in memory. A ServerApp can report success although all its
 * nodes failed; Flower's Python strategies do. Runs that began before this process started are not counted.
 */
export class RunOutcomes {
  readonly #runs = new Map<bigint, Outcomes>();

  begin(effects: Effects<never>, runId: bigint): void {
    effects.after(() => this.#runs.set(runId, { results: 0, errors: 0 }));
  }

  /** Counts a reply or an error reply. */
  note(effects: Effects<never>, { runId, srcNodeId: nodeId, error }: Outcome): void {
    effects.after(() => {
      const before = this.#runs.get(runId);
      if (before === undefined) return;
      const { results, errors } = before;
      this.#runs.set(
        runId,
        error === undefined
          ? { ...before, results: results + 1 }
          : { results, errors: errors + 1, last: { nodeId, reason: error.reason } },
      );
    });
  }

  /** Why a run that reports success has failed: every reply was an error. Undefined if it has not failed. */
  fault(runId: bigint): string | undefined {
    const { results, errors, last } = this.#runs.get(runId) ?? { results: 0, errors: 0 };
    if (results > 0 || errors === 0 || last === undefined) return undefined;
    const reason = last.reason.slice(0, REASON_CHARACTERS);
    const all = errors === 1 ? "the only reply was an error" : `all ${errors} replies were errors`;
    return `No node returned a result: ${all}. Last error, from node ${last.nodeId}: ${reason}`;
  }

  /** Removes the counts of a run that has ended. */
  forget(effects: Effects<never>, runId: bigint): void {
    effects.after(() => this.#runs.delete(runId));
  }
}
