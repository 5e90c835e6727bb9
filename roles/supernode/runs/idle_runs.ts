import type { RunId } from "../../../entities/metadata.ts";
import { type Clock, WOKEN } from "../../../base/clock.ts";
import { log } from "../../../base/log.ts";
import { RecentMap } from "../../../base/recent_map.ts";
import { MAX_KEPT_RUNS } from "./run_states.ts";
import type { NodeRuns } from "./prepared_run.ts";

/** Seconds between a run's last message and the first check whether it is over. The wait doubles, up to the last value. */
export const IDLE_CHECK_SECONDS = { first: 5, last: 60 } as const;

/** Seconds without messages after which a run's app instance is ended, even if the run continues. Its state is kept. */
export const RELEASE_SECONDS = 600;

/** Options of {@link IdleRuns}. */
export interface IdleRunsOptions {
  readonly runs: Pick<NodeRuns, "isOver">;
  readonly clock: Clock;
  /** Called when the run is over or has been idle for long, so that its app instance is not needed. */
  readonly release: (runId: RunId) => void;
  /** Called when the run is over, so that nothing of it is needed. */
  readonly over: (runId: RunId) => void;
}

interface Idle {
  /** Number of messages in progress. */
  busy: number;
  /** Unix time in seconds at which the last message was done. */
  since: number;
  /** Unix time in seconds of the next check. */
  due: number;
  /** Seconds between the last check and the next. */
  wait: number;
  released: boolean;
}

/**
 * Monitor of idle runs. No message tells a node that a run is over, so it asks the SuperLink about idle runs, at growing
 * intervals.
 */
export class IdleRuns {
  readonly #options: IdleRunsOptions;
  readonly #byId = new RecentMap<RunId, Idle>(MAX_KEPT_RUNS);
  #changed = new AbortController();

  constructor(options: IdleRunsOptions) {
    this.#options = options;
  }

  /** Marks a run as busy until the result is disposed of. */
  markBusy(runId: RunId): Disposable {
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
        this.#changed.abort(WOKEN);
      },
    };
  }

  /** Checks idle runs until the signal is aborted. Never rejects. */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const due = [...this.#byId.values()].filter(({ busy }) => busy === 0).map(({ due }) => due);
      const next = Math.min(clock.now() + IDLE_CHECK_SECONDS.last, ...due);
      this.#changed = new AbortController();
      const wake = AbortSignal.any([signal, this.#changed.signal]);
      await clock.sleep(Math.max(0, next - clock.now()), wake);
      if (!signal.aborted) await this.#checkDue();
    }
  }

  async #checkDue(): Promise<void> {
    const { runs, clock, release, over } = this.#options;
    for (const [runId, idle] of this.#byId) {
      if (idle.busy > 0 || idle.due > clock.now()) continue;
      const isOver = await runs.isOver(runId).catch((error) => {
        log("supernode").debug("Could not check run {runId}: {error}", { runId, error });
        return false;
      });
      // A message may have arrived meanwhile.
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
