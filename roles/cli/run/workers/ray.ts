import { type Clock, systemClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { shellLine } from "../../../flags/shell_line.ts";
import type { Engine, PlacedWorkers, WorkerCounts, WorkerOrder } from "./engine.ts";
import type { RayJobs, RayJobState } from "./ray_jobs.ts";

/** Calls to Ray at the same time. */
const CALLS = 8;

/** Seconds between two attempts to stop a job. Ray does not stop one that is pending (seen with 2.60). */
const STOP_SECONDS = 0.5;
const STOP_ATTEMPTS = 4;

/** Places workers by Ray, each as a job of its own: a job of several workers would need a driver in Python. */
export class RayEngine implements Engine {
  readonly #jobs: RayJobs;
  readonly #clock: Clock;

  constructor(jobs: RayJobs, clock: Clock = systemClock) {
    this.#jobs = jobs;
    this.#clock = clock;
  }

  async check(): Promise<void> {
    await this.#jobs.version();
  }

  async place({ runId, words, count, cpus, gpus }: WorkerOrder): Promise<PlacedWorkers> {
    const ids = Array.from({ length: count }, (_, n) => `flwr-${runId}-${n}`);
    const placed = new PlacedRayJobs(this.#jobs, ids, this.#clock);
    // `exec`, because Ray signals the shell's process group, and its exit code is then the worker's.
    const entrypoint = `exec ${shellLine(words)}`;
    for (let at = 0; at < count; at += CALLS) {
      const submits = ids.slice(at, at + CALLS).map((id) =>
        this.#jobs.submit({ id, entrypoint, cpus, gpus })
      );
      // All of them end first: Ray would not know a job that is still being submitted, which would then stay.
      const results = await Promise.allSettled(submits);
      const failed = results.find((result) => result.status === "rejected");
      if (failed === undefined) continue;
      const unsure = new Set(
        ids.slice(at, at + CALLS).filter((_, n) => results[n]!.status === "rejected"),
      );
      await placed.cancel(unsure).catch(() => {});
      throw failed.reason;
    }
    return placed;
  }
}

class PlacedRayJobs implements PlacedWorkers {
  readonly name: string;
  readonly toCancel: string;
  readonly #jobs: RayJobs;
  readonly #ids: readonly string[];
  readonly #clock: Clock;

  constructor(jobs: RayJobs, ids: readonly string[], clock: Clock) {
    this.#jobs = jobs;
    this.#ids = ids;
    this.#clock = clock;
    const [first, last] = [ids[0]!, ids.at(-1)!];
    this.name = ids.length === 1 ? `Ray job ${first}` : `Ray (jobs ${first} to ${last})`;
    const stop = `ray job stop --address ${jobs.address}`;
    this.toCancel = ids.length === 1 ? `${stop} ${first}` : `${stop} ${first}, and so on`;
  }

  async counts(): Promise<WorkerCounts> {
    const states = await eachOf(this.#ids, (id) => this.#jobs.status(id));
    const pending = states.filter((state) => state?.status === "PENDING");
    const running = states.filter((state) => state?.status === "RUNNING").length;
    return {
      pending: pending.length,
      running,
      ended: states.length - pending.length - running,
      reason: pending.map((state) => state!.message).find((text) => text !== "") ?? "",
    };
  }

  /** @param unsure jobs that Ray may still accept: that it does not know one does not mean that it has ended */
  async cancel(unsure: ReadonlySet<string> = new Set()): Promise<void> {
    let open = this.#ids;
    for (let attempt = 0; open.length > 0 && attempt < STOP_ATTEMPTS; attempt++) {
      if (attempt > 0) await this.#clock.sleep(STOP_SECONDS);
      const states = await eachOf(open, async (id) => {
        // One call that fails must not keep the other jobs from being stopped.
        try {
          await this.#jobs.stop(id);
          const state = await this.#jobs.status(id);
          return state === undefined ? unsure.has(id) : isOpen(state);
        } catch {
          return true;
        }
      });
      open = open.filter((_, at) => states[at]);
    }
    if (open.length === 0) return;
    const more = open.length === 1 ? "" : ` and ${open.length - 1} more`;
    throw new FlwrError("unavailable", `Ray has not stopped ${open[0]}${more}`, {
      hints: ["They end by themselves once they have started, because the run is over"],
    });
  }

  async output(): Promise<string> {
    for (const id of this.#ids) {
      const logs = await this.#jobs.logs(id);
      if (logs !== "") return logs;
    }
    return "";
  }
}

function isOpen({ status }: RayJobState): boolean {
  return status === "PENDING" || status === "RUNNING";
}

/** Calls a function for each value, some at the same time. @returns the results, in the order of the values */
async function eachOf<T, R>(values: readonly T[], call: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < values.length; start += CALLS) {
    results.push(...await Promise.all(values.slice(start, start + CALLS).map(call)));
  }
  return results;
}
