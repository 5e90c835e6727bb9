import type { LinkEvent } from "../../link/events.ts";
import type { InstructionFacts } from "../../entities/message.ts";

/** A run with unanswered instructions. */
export interface RunInFlight {
  readonly runId: bigint;
  readonly unanswered: number;
}

/** Counts the unanswered instructions of runs from the domain's events, for a warning when the SuperLink stops. */
export class RunsInFlight {
  /** The run of each unanswered instruction. */
  readonly #runs = new Map<string, bigint>();

  /** Handles an event of the domain. */
  onEvent(event: LinkEvent): void {
    switch (event.kind) {
      case "instruction-pushed":
      case "instruction-handed-out":
      case "instruction-requeued":
        return this.#open(event.instruction);
      case "instruction-answered":
      case "instruction-failed":
        this.#runs.delete(event.instruction.messageId);
        return;
      case "run-interrupted":
      case "run-finished":
        for (const [messageId, runId] of this.#runs) {
          if (runId === event.runId) this.#runs.delete(messageId);
        }
    }
  }

  /** The runs with unanswered instructions, in ascending order of id. */
  list(): RunInFlight[] {
    const counts = Map.groupBy(this.#runs.values(), (runId) => runId);
    return [...counts].map(([runId, of]) => ({ runId, unanswered: of.length }))
      .toSorted((a, b) => (a.runId < b.runId ? -1 : 1));
  }

  #open({ messageId, runId }: InstructionFacts): void {
    this.#runs.set(messageId, runId);
  }
}
