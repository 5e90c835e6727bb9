import assert from "node:assert/strict";
import { MAX_SLICE_STEPS, SLICE_SECONDS, SliceLength, SLICES_IN_FLIGHT } from "./slices.ts";

Deno.test("slices grow until a call takes its intended time, and shrink when steps get slower", () => {
  const length = new SliceLength();
  const seen: number[] = [];
  for (let i = 0; i < 6; i++) {
    seen.push(length.steps);
    length.observe(length.steps, length.steps * SLICE_SECONDS / 50);
  }
  assert.deepEqual(seen, [1, 4, 16, 50, 50, 50]);
  length.observe(50, 50 * SLICE_SECONDS / 5);
  assert.equal(length.steps, 5);
});

Deno.test("a short call at the end of an epoch does not shorten the next ones", () => {
  const length = new SliceLength();
  const perStep = SLICE_SECONDS / 50;
  for (const steps of [1, 4, 4]) length.observe(steps, steps * perStep);
  assert.equal(length.steps, 16);
  length.observe(1, perStep);
  assert.equal(length.steps, 16);
});

Deno.test("a slice has one step at least and never too many", () => {
  const length = new SliceLength();
  length.observe(1, 1000);
  assert.equal(length.steps, 1);
  for (let i = 0; i < 20; i++) length.observe(length.steps, 0);
  assert.equal(length.steps, MAX_SLICE_STEPS);
});

Deno.test("only one call is pending while the duration of a step is unknown, or longer than a call should be", () => {
  const length = new SliceLength();
  assert.equal(length.inFlight, 1);
  length.observe(1, SLICE_SECONDS / 2);
  assert.equal(length.inFlight, SLICES_IN_FLIGHT);
  length.observe(2, 2.1 * SLICE_SECONDS);
  assert.equal(length.inFlight, 1);
});
