import assert from "node:assert/strict";
import { FakeClock } from "../../../../base/clock.ts";
import { settle } from "../../../../base/testing/settle.ts";
import { FirstSigns } from "./first_signs.ts";

const NEVER = new AbortController().signal;

/** A wait, and whether it has ended. */
function watched(promise: Promise<void>): { over: boolean; promise: Promise<void> } {
  const state = { over: false, promise };
  state.promise = promise.then(() => void (state.over = true));
  return state;
}

Deno.test("first signs: a wait ends with its own node's sign only", async () => {
  const signs = new FirstSigns(new FakeClock());
  const unseen = () => Promise.resolve(false);
  const waits = [1, 2].map(() => watched(signs.waitFor(7n, unseen, 20, NEVER)));
  await Promise.resolve();
  signs.notify(8n);
  await Promise.resolve();
  assert.deepEqual(waits.map(({ over }) => over), [false, false]);
  signs.notify(7n);
  await Promise.all(waits.map(({ promise }) => promise));
});

Deno.test("first signs: a sign during the check is not missed", async () => {
  const signs = new FirstSigns(new FakeClock());
  await signs.waitFor(7n, () => (signs.notify(7n), Promise.resolve(false)), 20, NEVER);
  await signs.waitFor(7n, () => Promise.resolve(true), 20, NEVER);
});

Deno.test("first signs: a wait ends at its limit, and when its caller disconnects", async () => {
  const clock = new FakeClock();
  const signs = new FirstSigns(clock);
  const unseen = () => Promise.resolve(false);
  const wait = watched(signs.waitFor(7n, unseen, 20, NEVER));
  await settle();
  await clock.advance(19);
  await settle();
  assert.equal(wait.over, false);
  await clock.advance(1);
  await wait.promise;
  const caller = new AbortController();
  const gone = signs.waitFor(7n, unseen, 20, caller.signal);
  caller.abort();
  await gone;
});

Deno.test("first signs: a sign that another SuperLink got is found five seconds later", async () => {
  const clock = new FakeClock();
  const signs = new FirstSigns(clock);
  let seen = false;
  const wait = watched(signs.waitFor(7n, () => Promise.resolve(seen), 20, NEVER));
  await settle();
  seen = true;
  await clock.advance(5);
  await settle();
  assert.equal(wait.over, true);
});
