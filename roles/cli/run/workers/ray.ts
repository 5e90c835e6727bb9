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
    try {
      await eachOf(ids, (id) => this.#jobs.submit({ id, entrypoint, cpus, gpus }));
    } catch (error) {
      // Those that were accepted must not stay.
      await placed.cancel().catch(() => {});
      throw error;
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

  async cancel(): Promise<void> {
    let open = this.#ids;
    for (let attempt = 0; open.length > 0 && attempt < STOP_ATTEMPTS; attempt++) {
      if (attempt > 0) await this.#clock.sleep(STOP_SECONDS);
      const states = await eachOf(open, async (id) => {
        await this.#jobs.stop(id);
        return await this.#jobs.status(id);
      });
      open = open.filter((_, at) => isOpen(states[at]));
    }
    if (open.length === 0) return;
    throw new FlwrError("unavailable", `Ray has not stopped ${open.join(", ")}`, {
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

function isOpen(state: RayJobState | undefined): boolean {
  return state?.status === "PENDING" || state?.status === "RUNNING";
}

/** Calls a function for each value, some at the same time. @returns the results, in the order of the values */
async function eachOf<T, R>(values: readonly T[], call: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < values.length; start += CALLS) {
    results.push(...await Promise.all(values.slice(start, start + CALLS).map(call)));
  }
  return results;
}
