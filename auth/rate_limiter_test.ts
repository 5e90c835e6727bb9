import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { RateLimiter } from "./rate_limiter.ts";

Deno.test("a burst passes, then one call per refill, and the wait is exact", async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ burst: 3, perSecond: 0.5, clock });
  assert.deepEqual([1, 2, 3, 4].map(() => limiter.take("a")), [0, 0, 0, 2]);
  await clock.advance(1);
  assert.equal(limiter.take("a"), 1);
  await clock.advance(1);
  assert.equal(limiter.take("a"), 0);
  assert.equal(limiter.take("a"), 2);
});

Deno.test("callers do not share a bucket", () => {
  const limiter = new RateLimiter({ burst: 1, perSecond: 1, clock: new FakeClock() });
  assert.deepEqual(["a", "b", "a"].map((caller) => limiter.take(caller)), [0, 0, 1]);
});

Deno.test("a long rest refills the burst and no more", async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ burst: 2, perSecond: 1, clock });
  limiter.take("a");
  await clock.advance(1000);
  assert.deepEqual([1, 2, 3].map(() => limiter.take("a")), [0, 0, 1]);
});

Deno.test("the memory is bounded: rested callers go first, then the one unused for longest", async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ burst: 1, perSecond: 1, capacity: 2, clock });
  limiter.take("rested");
  await clock.advance(1);
  limiter.take("busy");
  assert.equal(limiter.take("new"), 0);
  assert.equal(limiter.size, 2);
  assert.equal(limiter.take("busy"), 1);
  limiter.take("another");
  assert.equal(limiter.size, 2);
  assert.equal(limiter.take("busy"), 1);
});
