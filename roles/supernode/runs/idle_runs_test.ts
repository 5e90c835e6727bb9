import assert from "node:assert/strict";
import { FakeClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { pass } from "../testing/fake_fleet.ts";
import { IDLE_CHECK_SECONDS, IdleRuns, RELEASE_SECONDS } from "./idle_runs.ts";

/** Idle runs of a SuperLink, some of which are over. */
function watched() {
  const clock = new FakeClock();
  const seen = { asked: 0, released: [] as bigint[], over: [] as bigint[] };
  const over = new Set<bigint>();
  let failure: FlwrError | undefined;
  const idle = new IdleRuns({
    runs: {
      isOver: (runId) => {
        seen.asked += 1;
        return failure === undefined ? Promise.resolve(over.has(runId)) : Promise.reject(failure);
      },
    },
    clock,
    release: (runId) => seen.released.push(runId),
    over: (runId) => seen.over.push(runId),
  });
  const stop = new AbortController();
  const ended = idle.watch(stop.signal);
  const end = async () => {
    stop.abort();
    await ended;
  };
  const handle = (runId: bigint) => idle.markBusy(runId)[Symbol.dispose]();
  const fail = (error: FlwrError | undefined) => failure = error;
  return { idle, clock, seen, over, handle, fail, end };
}

Deno.test("a run is released soon after its end, once", async () => {
  const { clock, seen, over, handle, end } = watched();
  handle(1n);
  handle(2n);
  over.add(1n);
  await pass(clock, IDLE_CHECK_SECONDS.first + 1);
  assert.deepEqual([seen.released, seen.over], [[1n], [1n]]);
  await pass(clock, 200);
  assert.deepEqual([seen.released, seen.over], [[1n], [1n]]);
  await end();
});

Deno.test("the SuperLink is asked at growing intervals about a run that continues", async () => {
  const { clock, seen, handle, end } = watched();
  handle(1n);
  await pass(clock, 300);
  // After 5, 10, 20, 40, then every 60 s: 5, 15, 35, 75, 135, 195, 255.
  assert.equal(seen.asked, 7);
  assert.deepEqual(seen.released, []);
  await end();
});

Deno.test("a run with frequent messages or one in progress is not checked", async () => {
  const { idle, clock, seen, handle, end } = watched();
  for (let round = 0; round < 20; round++) {
    handle(1n);
    await pass(clock, IDLE_CHECK_SECONDS.first - 1);
  }
  {
    using _ = idle.markBusy(1n);
    await pass(clock, 500);
  }
  assert.equal(seen.asked, 0);
  await end();
});

Deno.test("a run that is idle for long releases its instance, and is still checked", async () => {
  const { clock, seen, over, handle, end } = watched();
  handle(1n);
  await pass(clock, RELEASE_SECONDS + IDLE_CHECK_SECONDS.last + 1);
  assert.deepEqual([seen.released, seen.over], [[1n], []]);
  over.add(1n);
  await pass(clock, IDLE_CHECK_SECONDS.last + 1);
  assert.deepEqual([seen.released, seen.over], [[1n, 1n], [1n]]);
  await end();
});

Deno.test("a failed check does not end the run", async () => {
  const { clock, seen, over, handle, fail, end } = watched();
  handle(1n);
  over.add(1n);
  fail(new FlwrError("unavailable", "It is away"));
  await pass(clock, IDLE_CHECK_SECONDS.first + 1);
  assert.deepEqual(seen.over, []);
  fail(undefined);
  await pass(clock, 3 * IDLE_CHECK_SECONDS.first);
  assert.deepEqual(seen.over, [1n]);
  await end();
});
