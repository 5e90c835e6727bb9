import assert from "node:assert/strict";
import { settle } from "../../../../base/testing/settle.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { PlacedWorkers, WorkerCounts } from "./engine.ts";
import { watchWorkers } from "./watch_workers.ts";

type Observation = Partial<WorkerCounts> | FlwrError;

/** Workers of which each question tells the next observation; the last one stays. */
function workersWith(...observations: Observation[]): PlacedWorkers {
  let next = 0;
  return {
    name: "job 5",
    toCancel: "cancel 5",
    counts() {
      const seen = observations[Math.min(next++, observations.length - 1)]!;
      if (seen instanceof FlwrError) return Promise.reject(seen);
      return Promise.resolve({ pending: 0, running: 0, ended: 0, reason: "", ...seen });
    },
    cancel: () => Promise.resolve(),
    output: () => Promise.resolve("one\ntwo"),
  };
}

/** Watches for some seconds. @returns the error, if it ended by one, and what was told */
async function watch(workers: PlacedWorkers, seconds: number) {
  const clock = new FakeClock();
  const told: string[] = [];
  const stopping = new AbortController();
  const options = { waitSeconds: 10, clock, tell: (sentence: string) => told.push(sentence) };
  const watching = watchWorkers(workers, options, stopping.signal).catch((error) => error);
  for (let second = 0; second < seconds; second++) {
    await settle();
    await clock.advance(1);
  }
  stopping.abort();
  return { error: await watching as FlwrError | undefined, told };
}

Deno.test("watchWorkers: workers that run are watched without an end, and told once", async () => {
  const { error, told } = await watch(workersWith({ pending: 2 }, { running: 2 }), 60);
  assert.equal(error, undefined);
  assert.equal(told.length, 2);
});

Deno.test("watchWorkers: the scheduler's reason ends the wait for the first worker", async () => {
  const { error } = await watch(workersWith({ pending: 1, reason: "Resources" }), 30);
  assert.equal(error?.code, "deadline-exceeded");
  assert.match(error!.message, /Resources/);
});

Deno.test("watchWorkers: a worker that runs again for a while begins the wait anew", async () => {
  const seen = [{ pending: 1 }, { pending: 1 }, { running: 1 }, { pending: 1 }, { pending: 1 }];
  const { error } = await watch(workersWith(...seen, { running: 1 }), 40);
  assert.equal(error, undefined);
});

Deno.test("watchWorkers: workers that have all ended are an error, with what one printed", async () => {
  const { error } = await watch(workersWith({ running: 1 }, { ended: 1 }), 10);
  assert.equal(error?.code, "failed-precondition");
  assert.match(error!.hints[0]!, /one; two/);
});

Deno.test("watchWorkers: a scheduler that does not answer says nothing about its workers", async () => {
  const silent = new FlwrError("unavailable", "squeue: timed out");
  const { error } = await watch(workersWith(silent, silent, { running: 1 }), 40);
  assert.equal(error, undefined);
});
