import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { settle } from "../base/testing/settle.ts";
import { FlwrError } from "../base/error.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { backoffSeconds, NO_RETRY, type Retry, type RetryPolicy, withRetries } from "./retry.ts";

const unavailable = () => new FlwrError("unavailable", "Not there");

/** Random numbers that give the longest wait each time. */
const longest: Random = { ...seededRandom(1), uniform: () => 1 };

/** Runs to the end; sleeping advances the clock. */
async function runAll(
  policy: RetryPolicy,
  run: (attempt: number) => Promise<string>,
): Promise<{ outcome: string; retries: Retry[]; elapsed: number }> {
  const clock = new FakeClock(0);
  const retries: Retry[] = [];
  let outcome: string | undefined;
  const onRetry = (retry: Retry) => retries.push(retry);
  const done = withRetries(run, { policy, clock, random: longest, onRetry })
    .then((value) => outcome = value, (error: Error) => outcome = error.message);
  while (outcome === undefined) {
    await clock.advance(0.5);
    for (let turns = 0; turns < 10; turns++) await Promise.resolve();
  }
  await done;
  return { outcome, retries, elapsed: clock.now() };
}

Deno.test("a call that fails twice succeeds at the third attempt", async () => {
  const { outcome, retries } = await runAll({}, (attempt) => {
    return attempt < 3 ? Promise.reject(unavailable()) : Promise.resolve(`try ${attempt}`);
  });
  assert.equal(outcome, "try 3");
  assert.deepEqual(retries.map(({ attempt, waitSeconds }) => [attempt, waitSeconds]), [[1, 1], [
    2,
    2,
  ]]);
});

Deno.test("waits double up to 20 s, and are drawn from the whole range", () => {
  const bounds = [1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => backoffSeconds(attempt, 1));
  assert.deepEqual(bounds, [1, 2, 4, 8, 16, 20, 20, 20]);
  assert.equal(backoffSeconds(5, 0), 0);
  assert.equal(backoffSeconds(5, 0.25), 4);
});

Deno.test("a call that was held for long before it failed begins the waits anew", async () => {
  const clock = new FakeClock(0);
  const held = [0, 0, 9, 0, 3, 0];
  const waits: number[] = [];
  const run = async () => {
    const seconds = held.shift();
    if (seconds === undefined) return "done";
    await clock.sleep(seconds);
    throw unavailable();
  };
  const onRetry = ({ waitSeconds }: Retry) => waits.push(waitSeconds);
  let outcome: string | undefined;
  const call = withRetries(run, { policy: {}, clock, random: longest, onRetry })
    .then((value) => outcome = value);
  while (outcome === undefined) {
    await clock.advance(0.5);
    await settle();
  }
  await call;
  // After 9 s, the third failure has no longer wait than the first. After 3 s, the second of the new series has one of 4 s.
  assert.deepEqual(waits, [1, 2, 1, 2, 4, 8]);
});

Deno.test("maxRetries counts the attempts after the first", async () => {
  let tries = 0;
  const fail = () => {
    tries++;
    return Promise.reject(unavailable());
  };
  assert.equal((await runAll({ maxRetries: 3 }, fail)).outcome, "Not there");
  assert.equal(tries, 4);
  tries = 0;
  assert.equal((await runAll(NO_RETRY, fail)).retries.length, 0);
  assert.equal(tries, 1);
});

Deno.test("no attempt starts after maxWaitTime", async () => {
  const { retries } = await runAll({ maxWaitTime: 10 }, () => Promise.reject(unavailable()));
  // 1 + 2 + 4 = 7 seconds of waiting; 8 more would be too late.
  assert.deepEqual(retries.map(({ waitSeconds }) => waitSeconds), [1, 2, 4]);
});

Deno.test("a permanent error is not retried", async () => {
  for (const code of ["unauthenticated", "failed-precondition", "internal"] as const) {
    const { retries } = await runAll({}, () => Promise.reject(new FlwrError(code, "No")));
    assert.equal(retries.length, 0, code);
  }
  const { outcome, retries } = await runAll({}, () => Promise.reject(new TypeError("a bug")));
  assert.equal(outcome, "a bug");
  assert.equal(retries.length, 0);
});

Deno.test("an aborted signal ends the wait", async () => {
  const controller = new AbortController();
  const call = withRetries(() => Promise.reject(unavailable()), {
    policy: {},
    clock: new FakeClock(),
    random: longest,
    signal: controller.signal,
    onRetry: () => controller.abort(),
  });
  await assert.rejects(call, (error) => error instanceof FlwrError && error.code === "cancelled");
});
