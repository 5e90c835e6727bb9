import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { endWithin } from "./end_within.ts";

Deno.test("work that ends in time is waited for, and its failure is thrown", async () => {
  const clock = new FakeClock();
  await endWithin(clock, 10, Promise.resolve());
  await assert.rejects(endWithin(clock, 10, Promise.reject(new Error("full"))), /full/);
});

Deno.test("work that hangs is given up", async () => {
  const clock = new FakeClock();
  const ended = assert.rejects(endWithin(clock, 10, new Promise(() => {})), {
    code: "unavailable",
  });
  await clock.advance(10);
  await ended;
});
