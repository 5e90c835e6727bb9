import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { Wakes } from "./wakes.ts";

Deno.test("a wake ends the sleep of listeners to its topic only", async () => {
  const wakes = new Wakes();
  const clock = new FakeClock();
  using one = wakes.listen(["work:1", "reply:a"]);
  using other = wakes.listen(["work:2"]);
  let otherAwake = false;
  const sleeping = one.sleep(clock, 20);
  const otherSleeping = other.sleep(clock, 20).then(() => otherAwake = true);
  wakes.wake("reply:a");
  await sleeping;
  assert.equal(otherAwake, false);
  wakes.wakeAll();
  await otherSleeping;
});

Deno.test("a wake between two sleeps ends the next sleep, once", async () => {
  const wakes = new Wakes();
  const clock = new FakeClock();
  using listener = wakes.listen(["work:1"]);
  wakes.wake("work:1");
  await listener.sleep(clock, 20);
  let awake = false;
  const second = listener.sleep(clock, 20).then(() => awake = true);
  await clock.advance(19);
  assert.equal(awake, false);
  await clock.advance(1);
  await second;
});

Deno.test("an abort ends the sleep", async () => {
  const wakes = new Wakes();
  const clock = new FakeClock();
  using listener = wakes.listen(["work:1"]);
  await listener.sleep(clock, 20, AbortSignal.abort());
  const caller = new AbortController();
  const sleeping = listener.sleep(clock, 20, caller.signal);
  caller.abort();
  await sleeping;
});

Deno.test("disposed listeners leave nothing behind", () => {
  const wakes = new Wakes();
  {
    using _one = wakes.listen(["work:1", "reply:a"]);
    using _two = wakes.listen(["work:1"]);
    assert.equal(wakes.size, 2);
  }
  assert.equal(wakes.size, 0);
  wakes.wake("work:1");
});
