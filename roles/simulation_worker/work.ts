import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import type { AppHost } from "../../hosting/app/app_host.ts";
import type {
  WorkerClient,
  WorkerEnd,
  WorkerJob,
} from "../../rpc/dialects/current/client/worker_client.ts";

const logger = log("worker");

/** What a worker calls at the SuperLink. */
export type WorkerCalls = Pick<WorkerClient, "stay" | "take" | "answer">;

/** What runs the ClientApp for one node at a time. */
export type WorkerHost = Pick<AppHost, "handle">;

/**
 * Works for the nodes of a run, with one host for each slot as soon as they are there, until the SuperLink says that the worker is to end, or the
 * signal is aborted.
 *
 * @returns why it ended; undefined if the signal was aborted
 * @throws FlwrError when the SuperLink refuses the worker
 */
export async function workFor(
  client: WorkerCalls,
  workerId: string,
  hosts: Promise<readonly WorkerHost[]>,
  signal: AbortSignal,
): Promise<WorkerEnd | undefined> {
  const ending = new AbortController();
  const over = AbortSignal.any([signal, ending.signal]);
  let end: WorkerEnd | undefined;
  let works = false;
  const mayGoOn = (state: WorkerEnd | undefined) => {
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
        mayGoOn(await answer(client, { workerId, slot }, job, host, signal));
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

async function answer(
  client: WorkerCalls,
  { workerId, slot }: { readonly workerId: string; readonly slot: number },
  { jobId, task }: WorkerJob,
  host: WorkerHost,
  signal: AbortSignal,
): Promise<WorkerEnd | undefined> {
  let broken: string;
  try {
    const { message, context, seed } = task();
    const { reply, state, failure } = await host.handle(message, context, signal, seed);
    const result = { reply, state, ...(failure && { failure: failure.details }) };
    return await client.answer(workerId, slot, jobId, result, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = FlwrError.from(error);
    // The worker itself is refused, and can give no other answer either.
    if (code === "unauthenticated") throw error;
    logger.warn("The work for a node failed: {message}", { message });
    broken = message;
  }
  return await client.answer(workerId, slot, jobId, broken || "The ClientApp failed", signal);
}
