import { RecentMap } from "../../../base/recent_map.ts";
import type { JournalRecord } from "../../../entities/journal.ts";
import type { Link } from "../../../link/link.ts";
import { roundOf } from "./instruction_round.ts";

/** Finished runs whose numbers are remembered. */
const MAX_FINISHED = 1000;

/** Records at either end of a run's journal that are looked at: one near the start names the number of rounds. */
const LOOKED_AT = 20;

/** How far a run is. */
export interface RoundNumbers {
  readonly round?: number;
  readonly rounds?: number;
}

/** How far runs are, for lists of them: found at both ends of their journals, without reading all. */
export class RunRoundNumbers {
  readonly #journal: Pick<Link["journal"], "since" | "before">;
  readonly #finished = new RecentMap<bigint, RoundNumbers>(MAX_FINISHED);

  constructor(journal: Pick<Link["journal"], "since" | "before">) {
    this.#journal = journal;
  }

  /** How far a run is. */
  async of(runId: bigint, isFinished: boolean): Promise<RoundNumbers> {
    const known = this.#finished.get(runId);
    if (known !== undefined) return known;
    const [first, last] = await Promise.all([
      this.#journal.since(0, { runId, limit: LOOKED_AT }),
      this.#journal.before(Infinity, { runId, limit: LOOKED_AT }),
    ]);
    const round = maximum(last.records.map(roundIn));
    const rounds = maximum([...first.records, ...last.records].map(plannedIn));
    const numbers = {
      ...(round !== undefined && { round }),
      ...(rounds !== undefined && { rounds }),
    };
    if (isFinished) this.#finished.set(runId, numbers);
    return numbers;
  }
}

function maximum(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function roundIn({ data }: JournalRecord): number | undefined {
  if ("round" in data) return data.round;
  return "groupId" in data ? roundOf(data.groupId) : undefined;
}

function plannedIn({ data, kind }: JournalRecord): number | undefined {
  return "rounds" in data && kind !== "strategy-finished" ? data.rounds : undefined;
}
