import type { JournalRecord } from "../../../entities/journal.ts";
import type { PhaseName, RoundRow } from "../../dashboard/model/rounds.ts";
import { phaseOf, roundOf } from "./instruction_round.ts";

/** Rounds that are kept, at most. */
const MAX_ROUNDS = 10_000;

interface SentPhase {
  readonly phase: PhaseName;
  readonly startedAt: number;
  asked: number;
  results: number;
  failures: number;
  endedAt?: number;
}

/**
 * The rounds of a run whose ServerApp does not report them, as those of Flower's strategies: the group of an instruction
 * is the number of the round. A phase ends with the last answer to its instructions.
 */
export class SentRounds {
  readonly #rounds = new Map<number, Map<PhaseName, SentPhase>>();

  /** Adds a record of the run. */
  add(record: JournalRecord): void {
    switch (record.kind) {
      case "instructions-pushed": {
        const phase = this.#phase(record.data, record.at);
        if (phase !== undefined) phase.asked += record.data.count;
        return;
      }
      case "instruction-answered":
      case "instruction-failed": {
        const phase = this.#phase(record.data, record.data.pushedAt);
        if (phase === undefined) return;
        if (record.data.error === undefined) phase.results++;
        else phase.failures++;
        phase.endedAt = record.at;
      }
    }
  }

  /** The rounds. */
  rounds(): RoundRow[] {
    return [...this.#rounds].map(([round, phases]) => {
      const all = [...phases.values()];
      const startedAt = Math.min(...all.map(({ startedAt }) => startedAt));
      const isOver = all.every(isComplete);
      const endedAt = Math.max(...all.map(({ endedAt, startedAt }) => endedAt ?? startedAt));
      return {
        round,
        startedAt,
        ...(isOver && { seconds: endedAt - startedAt }),
        phases: all.map(({ phase, startedAt, asked, results, failures, endedAt }) => ({
          phase,
          startedAt,
          asked,
          results,
          failures,
          ...(endedAt !== undefined && { seconds: endedAt - startedAt }),
        })),
      };
    });
  }

  #phase(
    { messageType, groupId }: { readonly messageType: string; readonly groupId: string },
    at: number,
  ): SentPhase | undefined {
    const [round, phase] = [roundOf(groupId), phaseOf(messageType)];
    if (round === undefined || phase === undefined) return undefined;
    const phases = this.#rounds.get(round) ?? new Map<PhaseName, SentPhase>();
    this.#rounds.set(round, phases);
    if (this.#rounds.size > MAX_ROUNDS) this.#rounds.delete(this.#rounds.keys().next().value!);
    const known = phases.get(phase);
    if (known !== undefined) return known;
    const sent = { phase, startedAt: at, asked: 0, results: 0, failures: 0 };
    phases.set(phase, sent);
    return sent;
  }
}

function isComplete({ asked, results, failures }: SentPhase): boolean {
  return results + failures >= asked;
}
