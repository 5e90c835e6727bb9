import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { RateLimiter } from "./rate_limiter.ts";

Deno.test("after a burst, one call per refill is admitted, and the wait is exact", async () => {
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

Deno.test("a long pause refills only the burst", async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ burst: 2, perSecond: 1, clock });
  limiter.take("a");
  await clock.advance(1000);
  assert.deepEqual([1, 2, 3].map(() => limiter.take("a")), [0, 0, 1]);
});

Deno.test("the memory is bounded: callers with full buckets are removed first, then the least recently used", async () => {
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
