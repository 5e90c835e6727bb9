import assert from "node:assert/strict";
import { BestEpoch, checkEarlyStop, type EarlyStop } from "./early_stop.ts";
import type { Evaluation } from "./fit_options.ts";

const came = (loss: number, accuracy = 0.5): Evaluation => ({
  loss,
  lossSum: loss * 10,
  accuracy,
  examples: 10,
});

/** Observes epochs. Returns the epochs that were the best so far, and the epoch after which the fit ends. */
function watch(rule: EarlyStop, evaluations: readonly Evaluation[]) {
  const best = new BestEpoch(rule);
  const improved: number[] = [];
  for (const [i, evaluation] of evaluations.entries()) {
    if (best.observe(i + 1, evaluation)) improved.push(i + 1);
    if (best.isPast) return { improved, best: best.epoch, end: i + 1 };
  }
  return { improved, best: best.epoch, end: undefined };
}

Deno.test("the fit ends after as many epochs without a better one as patience allows", () => {
  const losses = [3, 2, 2.5, 1, 1, 4, 0.5].map((loss) => came(loss));
  assert.deepEqual(watch({ patience: 2 }, losses), { improved: [1, 2, 4], best: 4, end: 6 });
  assert.deepEqual(watch({ patience: 1 }, losses), { improved: [1, 2], best: 2, end: 3 });
  assert.deepEqual(watch({ patience: 3 }, losses), {
    improved: [1, 2, 4, 7],
    best: 7,
    end: undefined,
  });
});

Deno.test("an epoch must be better by at least minDelta", () => {
  const losses = [1, 0.95, 0.91, 0.85].map((loss) => came(loss));
  assert.deepEqual(watch({ patience: 9, minDelta: 0.1 }, losses).improved, [1, 4]);
});

Deno.test("a higher accuracy is better", () => {
  const epochs = [came(1, 0.2), came(2, 0.4), came(0.1, 0.4), came(0, 0.3)];
  assert.deepEqual(watch({ patience: 2, monitor: "accuracy" }, epochs), {
    improved: [1, 2],
    best: 2,
    end: 4,
  });
  assert.throws(
    () => watch({ patience: 2, monitor: "accuracy" }, [came(1, NaN)]),
    /no notion of right answers/,
  );
});

Deno.test("any loss is better than none, and than NaN", () => {
  assert.deepEqual(watch({ patience: 2 }, [came(NaN), came(9)]).improved, [1, 2]);
  assert.equal(watch({ patience: 2 }, [came(NaN), came(NaN), came(NaN)]).end, 3);
});

Deno.test("rules that are out of range are refused", () => {
  for (const patience of [0, -1, 1.5, NaN]) {
    assert.throws(() => checkEarlyStop({ patience }), /patience .* positive integer/);
  }
  assert.throws(() => checkEarlyStop({ patience: 1, minDelta: -1 }), /improvement .* at least 0/);
});
