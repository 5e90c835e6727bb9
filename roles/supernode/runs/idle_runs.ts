import type { RunId } from "../../../entities/metadata.ts";
import type { Clock } from "../../../base/clock.ts";
import { log } from "../../../base/log.ts";
import { RecentMap } from "../../../base/recent_map.ts";
import { MAX_KEPT_RUNS } from "./run_states.ts";
import type { Runs } from "./prepared_run.ts";

/** Seconds after its last message when a node first asks whether a run is over; the wait doubles, up to the last. */
export const IDLE_CHECK_SECONDS = { first: 5, last: 60 } as const;

/** Seconds after which the instance of a run that may go on ends all the same; what it keeps in its context stays. */
export const RELEASE_SECONDS = 600;

/** Who hears what of idle runs. */
export interface IdleRunsOptions {
  readonly runs: Pick<Runs, "isOver">;
  readonly clock: Clock;
  /** The run is over, or has been idle for long: its app is not needed for now. */
  readonly release: (runId: RunId) => void;
  /** The run is over: nothing of it is needed any more. */
  readonly over: (runId: RunId) => void;
}

interface Idle {
  /** Messages of it that are worked on. */
  busy: number;
  /** When the last one was done, in Unix seconds. */
  since: number;
  /** When to look next, and how long after that. */
  due: number;
  wait: number;
  released: boolean;
}

/**
 * Notices that a run is over, which nobody tells a node: when a run has been idle the SuperLink is asked, more and more
 * rarely.
 */
export class IdleRuns {
  readonly #options: IdleRunsOptions;
  readonly #byId = new RecentMap<RunId, Idle>(MAX_KEPT_RUNS);
  #changed = new AbortController();

  constructor(options: IdleRunsOptions) {
    this.#options = options;
  }

  /** A message of the run is worked on until this is disposed of. */
  work(runId: RunId): Disposable {
    const idle = this.#byId.get(runId) ??
      { busy: 0, since: 0, due: 0, wait: 0, released: false };
    idle.busy += 1;
    idle.released = false;
    this.#byId.set(runId, idle);
    return {
      [Symbol.dispose]: () => {
        idle.busy -= 1;
        idle.since = this.#options.clock.now();
        idle.wait = IDLE_CHECK_SECONDS.first;
        idle.due = idle.since + idle.wait;
        this.#changed.abort();
      },
    };
  }

  /** Looks until the signal is aborted. Never rejects. */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const due = [...this.#byId.values()].filter(({ busy }) => busy === 0).map(({ due }) => due);
      const next = Math.min(clock.now() + IDLE_CHECK_SECONDS.last, ...due);
      this.#changed = new AbortController();
      const wake = AbortSignal.any([signal, this.#changed.signal]);
      await clock.sleep(Math.max(0, next - clock.now()), wake);
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { runs, clock, release, over } = this.#options;
    for (const [runId, idle] of this.#byId) {
      if (idle.busy > 0 || idle.due > clock.now()) continue;
      const isOver = await runs.isOver(runId).catch((error) => {
        log("supernode").debug("Run {runId} could not be looked at: {error}", { runId, error });
        return false;
      });
      // A message of it may have come meanwhile.
      if (idle.busy > 0) continue;
      if (isOver) {
        this.#byId.delete(runId);
        release(runId);
        over(runId);
        continue;
      }
      if (!idle.released && clock.now() - idle.since >= RELEASE_SECONDS) {
        idle.released = true;
        release(runId);
      }
      idle.wait = Math.min(IDLE_CHECK_SECONDS.last, 2 * idle.wait);
      idle.due = clock.now() + idle.wait;
    }
  }
}
