import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FitMeter } from "./fit_meter.ts";

Deno.test("speed and time left count the training only", async () => {
  const clock = new FakeClock();
  const meter = new FitMeter(clock, { epochs: 2, examples: 100, steps: 20 });
  await clock.advance(5); // Opening models.
  meter.startEpoch();
  await meter.timed(async () => {
    for (let i = 0; i < 10; i++) {
      await clock.advance(0.5);
      meter.addStep(2, 10, 10);
    }
    assert.equal(meter.progress().examplesPerSecond, 20, "measured while the clock runs");
  });
  await clock.advance(30); // Validation.
  meter.startEpoch();
  await meter.timed(async () => {
    await clock.advance(1);
    meter.addStep(4, 20, 20);
  });
  assert.deepEqual(meter.progress(), {
    epoch: 2,
    epochs: 2,
    step: 11,
    steps: 20,
    loss: 4,
    examplesPerSecond: 20,
    secondsLeft: 4,
  });
  assert.deepEqual([meter.steps, meter.examples], [11, 120]);
});

Deno.test("the loss of an epoch is the mean by weight over batches of different sizes", () => {
  const meter = new FitMeter(new FakeClock(), { epochs: 1, examples: 5, steps: 2 });
  meter.startEpoch();
  meter.addStep(3, 4, 8); // Losses times weights are 12.
  meter.addStep(6, 1, 2);
  assert.equal(meter.loss, 1.8);
});
