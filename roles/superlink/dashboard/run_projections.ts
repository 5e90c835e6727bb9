import type { Link } from "../../../link/link.ts";
import { RunRounds } from "./run_rounds.ts";

/** Runs whose rounds are in memory: those that pages show. Each takes up to about 10 MB. */
const MAX_RUNS = 4;

/** A run's rounds, up to a position of the journal. */
interface Projection {
  readonly rounds: RunRounds;
  position: number;
  /** The reading in progress. */
  reading: Promise<void> | undefined;
}

/** The rounds of the runs that pages show. Each read continues where the last one ended. */
export class RunProjections {
  readonly #journal: Pick<Link["journal"], "since">;
  /** The run that was used last is the last one. */
  readonly #runs = new Map<bigint, Projection>();

  constructor(journal: Pick<Link["journal"], "since">) {
    this.#journal = journal;
  }

  /** The rounds of a run, as the journal has them now. */
  async of(runId: bigint): Promise<RunRounds> {
    const run = this.#runs.get(runId) ??
      { rounds: new RunRounds(), position: 0, reading: undefined };
    this.#runs.delete(runId);
    this.#runs.set(runId, run);
    if (this.#runs.size > MAX_RUNS) this.#runs.delete(this.#runs.keys().next().value!);
    run.reading ??= this.#read(runId, run).finally(() => run.reading = undefined);
    await run.reading;
    return run.rounds;
  }

  async #read(runId: bigint, run: Projection): Promise<void> {
    for (let more = true; more;) {
      const page = await this.#journal.since(run.position, { runId });
      for (const record of page.records) run.rounds.add(record);
      ({ position: run.position, more } = page);
    }
  }
}
