import type { Clock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { PlacedWorkers, WorkerCounts } from "./engine.ts";

/** Seconds between two questions to a scheduler. */
const POLL_SECONDS = 2;

/** Last lines of a worker that an error shows. */
const SHOWN_LINES = 5;

/** How long to wait for a scheduler, and whom to tell. */
export interface WatchOptions {
  /** Seconds in which the first worker must run: a scheduler itself may wait for ever for resources that do not exist. */
  readonly waitSeconds: number;
  readonly clock: Clock;
  /** Called with sentences for the user. */
  readonly tell: (sentence: string) => void;
}

/**
 * Watches placed workers until the signal is aborted, and tells when their number changes. A scheduler that does not
 * answer says nothing about its workers: it is asked again.
 *
 * @throws FlwrError "deadline-exceeded" with the scheduler's reason when none runs in time, "failed-precondition" when
 *   all have ended
 */
export async function watchWorkers(
  placed: PlacedWorkers,
  { waitSeconds, clock, tell }: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  let idleSince = clock.now();
  let told = "";
  const say = (sentence: string) => {
    if (sentence !== told) tell(sentence);
    told = sentence;
  };
  while (!signal.aborted) {
    let counts: WorkerCounts | undefined;
    try {
      counts = await placed.counts();
    } catch (error) {
      if (!signal.aborted) say(`${placed.name}: ${FlwrError.from(error).message}. Asking again`);
    }
    if (signal.aborted) return;
    if (counts !== undefined) {
      say(`${placed.name}: ${describe(counts)}`);
      if (counts.running > 0) idleSince = clock.now();
      else if (counts.pending === 0) throw await allEnded(placed);
      else if (clock.now() - idleSince >= waitSeconds) throw noneRuns(placed, counts, waitSeconds);
    }
    await clock.sleep(POLL_SECONDS, signal);
  }
}

function describe({ pending, running, ended, reason }: WorkerCounts): string {
  const parts = [
    `${running} running`,
    ...(pending === 0 ? [] : [`${pending} pending${reason === "" ? "" : ` (${reason})`}`]),
    ...(ended === 0 ? [] : [`${ended} ended`]),
  ];
  return parts.join(", ");
}

async function allEnded(placed: PlacedWorkers): Promise<FlwrError> {
  const text = await placed.output().catch(() => "");
  const output = text.split("\n").slice(-SHOWN_LINES).map((line) => line.trim()).join("; ");
  return new FlwrError(
    "failed-precondition",
    `${placed.name}: all workers have ended before the run did`,
    { hints: output === "" ? [] : [`The last output of one: ${output}`] },
  );
}

function noneRuns(
  { name }: PlacedWorkers,
  { reason }: WorkerCounts,
  waitSeconds: number,
): FlwrError {
  const why = reason === "" ? "" : `. Its reason: ${reason}`;
  return new FlwrError(
    "deadline-exceeded",
    `${name}: no worker ran within ${waitSeconds} s${why}`,
    { hints: ["Ask for resources that the cluster has, or wait longer with --engine-wait"] },
  );
}

/** Workers, and how long to wait for the first of them. */
export interface WatchedWorkers {
  readonly workers: PlacedWorkers;
  readonly waitSeconds: number;
}

/** Watches workers while the log of their run is followed. Disposing of it ends the watch, not the workers. */
export class WorkerWatch implements Disposable {
  readonly #workers: PlacedWorkers;
  readonly #ending = new AbortController();
  readonly #failing = new AbortController();

  constructor(
    { workers, waitSeconds }: WatchedWorkers,
    clock: Clock,
    tell: (sentence: string) => void,
  ) {
    this.#workers = workers;
    watchWorkers(workers, { waitSeconds, clock, tell }, this.#ending.signal)
      .catch((error) => this.#failing.abort(error));
  }

  /** Aborted when the workers cannot finish the run. Its reason is the error. */
  get failed(): AbortSignal {
    return this.#failing.signal;
  }

  /** Ends the watch and the workers. A scheduler that does not answer is left alone: workers end with their run. */
  async cancel(): Promise<void> {
    this[Symbol.dispose]();
    await this.#workers.cancel().catch(() => {});
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }
}
