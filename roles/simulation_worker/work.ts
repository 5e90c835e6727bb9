import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import type { AppHost } from "../../hosting/app/app_host.ts";
import type { NoJob } from "../../entities/node_job.ts";
import type { WorkerClient, WorkerJob } from "../../rpc/dialects/current/client/worker_client.ts";

const logger = log("worker");

/**
 * Nodes for which a machine must fail to run the ClientApp, without running it for any, before its worker ends. It would
 * take nodes from other workers, because failing is fast.
 */
export const MAX_BROKEN_NODES = 3;

/** What a worker calls at the SuperLink. */
export type WorkerCalls = Pick<WorkerClient, "stay" | "take" | "answer">;

/** What runs the ClientApp for one node at a time. */
export type WorkerHost = Pick<AppHost, "handle">;

/**
 * Works for the nodes of a run, with one host for each slot as soon as they are there, until the SuperLink says that the
 * worker is to end, or the signal is aborted.
 *
 * @returns why it ended; undefined if the signal was aborted
 * @throws FlwrError when the SuperLink refuses the worker, "failed-precondition" when this machine cannot run the app
 */
export async function workFor(
  client: WorkerCalls,
  workerId: string,
  hosts: Promise<readonly WorkerHost[]>,
  signal: AbortSignal,
): Promise<NoJob | undefined> {
  const health = new Health();
  const ending = new AbortController();
  const over = AbortSignal.any([signal, ending.signal]);
  let end: NoJob | undefined;
  let works = false;
  const mayGoOn = (state: NoJob | undefined) => {
    if (state === undefined) return true;
    end ??= state;
    ending.abort();
    return false;
  };
  /** What ends the work on each job. */
  const working = new Map<number, AbortController>();
  const stay = async () => {
    while (!over.aborted) {
      const stayed = await client.stay(workerId, over);
      if (typeof stayed === "string") mayGoOn(stayed);
      else for (const jobId of stayed) working.get(jobId)?.abort();
    }
  };
  const work = async (host: WorkerHost, slot: number) => {
    while (!over.aborted) {
      const job = await client.take(workerId, slot, over);
      if (job === undefined) continue;
      if (typeof job === "string") return void mayGoOn(job);
      if (!works) logger.info("Working for the first node", { event: "worker-works" });
      works = true;
      const dropped = new AbortController();
      working.set(job.jobId, dropped);
      const signal = AbortSignal.any([over, dropped.signal]);
      try {
        mayGoOn(await answer(client, { workerId, slot }, job, { host, health }, signal));
        health.require();
      } catch (error) {
        if (!dropped.signal.aborted || over.aborted) throw error;
      } finally {
        working.delete(job.jobId);
      }
    }
  };
  let failure: { readonly error: unknown } | undefined;
  const until = async (doing: Promise<unknown>) => {
    try {
      await doing;
    } catch (error) {
      // Calls that end because the rest has ended are no failures.
      if (!over.aborted) failure = { error };
      ending.abort();
    }
  };
  // All of them end before this function does. The hosts may take longer to start than a worker may be silent.
  await Promise.all([
    until(stay()),
    until(hosts.then((ready) => Promise.all(ready.map((host, slot) => until(work(host, slot)))))),
  ]);
  if (failure !== undefined) throw failure.error;
  return end;
}

/** Whether this machine can run the app. */
class Health {
  #isProven = false;
  #failures = 0;
  #reason = "";

  /** Notes that the app ran. */
  ran(): void {
    this.#isProven = true;
  }

  /** Notes why it did not. */
  failed(reason: string): void {
    this.#failures += 1;
    this.#reason = reason;
  }

  /** @throws FlwrError "failed-precondition" if the app failed to run several times, and never ran */
  require(): void {
    if (this.#isProven || this.#failures < MAX_BROKEN_NODES) return;
    throw new FlwrError(
      "failed-precondition",
      `This machine cannot run the ClientApp. It failed for the first ${this.#failures} nodes: ${this.#reason}`,
      {
        hints: [
          "Correct this on this machine, then start the worker again, or start it on another machine",
        ],
      },
    );
  }
}

interface Place {
  readonly host: WorkerHost;
  readonly health: Health;
}

async function answer(
  client: WorkerCalls,
  { workerId, slot }: { readonly workerId: string; readonly slot: number },
  { jobId, task }: WorkerJob,
  { host, health }: Place,
  signal: AbortSignal,
): Promise<NoJob | undefined> {
  let broken: string;
  let read: ReturnType<WorkerJob["task"]> | undefined;
  try {
    read = task();
    const { message, context, seed } = read;
    const { reply, state, failure } = await host.handle(message, context, signal, seed);
    health.ran();
    const result = { reply, state, ...(failure && { failure: failure.details }) };
    return await client.answer(workerId, slot, jobId, result, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = FlwrError.from(error);
    // The worker itself is refused, and can give no other answer either.
    if (code === "unauthenticated") throw error;
    logger.warn("The work for a node failed: {message}", { message });
    broken = message || "The ClientApp failed";
    // A message that cannot be read is the ServerApp's fault.
    if (read !== undefined) health.failed(broken);
  }
  return await client.answer(workerId, slot, jobId, broken, signal);
}
