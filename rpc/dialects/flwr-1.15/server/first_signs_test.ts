import assert from "node:assert/strict";
import { FakeClock } from "../../../../base/clock.ts";
import { FirstSigns } from "./first_signs.ts";

const NEVER = new AbortController().signal;

/** A wait, and whether it is over. */
function watched(promise: Promise<void>): { over: boolean; promise: Promise<void> } {
  const state = { over: false, promise };
  state.promise = promise.then(() => void (state.over = true));
  return state;
}

Deno.test("a wait ends with its node's sign and not with another's", async () => {
  const signs = new FirstSigns(new FakeClock());
  const unseen = () => Promise.resolve(false);
  const waits = [1, 2].map(() => watched(signs.wait(7n, unseen, 20, NEVER)));
  await Promise.resolve();
  signs.shown(8n);
  await Promise.resolve();
  assert.deepEqual(waits.map(({ over }) => over), [false, false]);
  signs.shown(7n);
  await Promise.all(waits.map(({ promise }) => promise));
});

Deno.test("a sign that comes while it is looked for is not missed", async () => {
  const signs = new FirstSigns(new FakeClock());
  await signs.wait(7n, () => (signs.shown(7n), Promise.resolve(false)), 20, NEVER);
  await signs.wait(7n, () => Promise.resolve(true), 20, NEVER);
});

Deno.test("a wait ends with its time, and with its caller", async () => {
  const clock = new FakeClock();
  const signs = new FirstSigns(clock);
  const unseen = () => Promise.resolve(false);
  const wait = watched(signs.wait(7n, unseen, 20, NEVER));
  await Promise.resolve();
  await clock.advance(19);
  assert.equal(wait.over, false);
  await clock.advance(1);
  await wait.promise;
  const caller = new AbortController();
  const gone = signs.wait(7n, unseen, 20, caller.signal);
  caller.abort();
  await gone;
});
