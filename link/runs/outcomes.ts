import type { Effects } from "../transactions/transactions.ts";

/** How much of a node's reason is told, in characters. */
const REASON_CHARACTERS = 300;

/** A reply, or the error in the place of one. */
interface Outcome {
  readonly runId: bigint;
  readonly srcNodeId: bigint;
  readonly error?: { readonly reason: string };
}

/** What a run's instructions were answered with. */
interface Outcomes {
  readonly results: number;
  readonly errors: number;
  /** The last error. */
  readonly last?: { readonly nodeId: bigint; readonly reason: string };
}

/**
 * Counts, in memory, what the instructions of runs were answered with. A ServerApp can end as if all had gone well though
 * each of its nodes failed: Flower's strategies for Python do. Runs that began before the service did are not judged.
 */
export class RunOutcomes {
  readonly #runs = new Map<bigint, Outcomes>();

  begin(effects: Effects<never>, runId: bigint): void {
    effects.after(() => this.#runs.set(runId, { results: 0, errors: 0 }));
  }

  /** Counts a reply, or the error in the place of one. */
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

  /** Why a run that calls itself completed has failed: every instruction was answered with an error. */
  fault(runId: bigint): string | undefined {
    const { results, errors, last } = this.#runs.get(runId) ?? { results: 0, errors: 0 };
    if (results > 0 || errors === 0 || last === undefined) return undefined;
    const reason = last.reason.slice(0, REASON_CHARACTERS);
    const all = errors === 1 ? "the only reply was an error" : `all ${errors} replies were errors`;
    return `No node gave a result: ${all}. Last error, from node ${last.nodeId}: ${reason}`;
  }

  /** A run that has ended is not counted any more. */
  forget(effects: Effects<never>, runId: bigint): void {
    effects.after(() => this.#runs.delete(runId));
  }
}
