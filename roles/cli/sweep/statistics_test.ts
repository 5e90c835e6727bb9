import assert from "node:assert/strict";
import { compareBy, modeOf, statisticOf, statisticText } from "./statistics.ts";

Deno.test("statistics: mean and sample deviation of known values", () => {
  // NIST's NumAcc1: mean 10000002, deviation 1, exactly.
  assert.deepEqual(statisticOf([10000001, 10000003, 10000002]), {
    mean: 10000002,
    deviation: 1,
    count: 3,
  });
  // Squares of the differences to 5: 9+1+1+1+0+0+4+16 = 32, over 7.
  assert.deepEqual(statisticOf([2, 4, 4, 4, 5, 5, 7, 9]), {
    mean: 5,
    deviation: Math.sqrt(32 / 7),
    count: 8,
  });
  assert.deepEqual(statisticOf([5.956334717975194, 5.956334717975194, 5.956334717975194]), {
    mean: 5.956334717975194,
    deviation: 0,
    count: 3,
  });
});

Deno.test("statistics: one value has no deviation, none has nothing, NaN stays NaN", () => {
  assert.deepEqual(statisticOf([0.1]), { mean: 0.1, deviation: undefined, count: 1 });
  assert.equal(statisticOf([]), undefined);
  assert.deepEqual(statisticOf([1, NaN]), { mean: NaN, deviation: NaN, count: 2 });
  assert.deepEqual(statisticOf([Infinity]), { mean: Infinity, deviation: undefined, count: 1 });
});

Deno.test("statistics: as text, with the number of values if some are missing", () => {
  const statistic = { mean: 0.93123456, deviation: 0.00214, count: 3 };
  assert.equal(statisticText(statistic, 3), "0.9312 ± 0.0021");
  assert.equal(statisticText(statistic, 4), "0.9312 ± 0.0021 (n=3)");
  assert.equal(statisticText({ mean: 12345678, deviation: undefined, count: 1 }, 1), "12350000");
  assert.equal(statisticText({ mean: NaN, deviation: NaN, count: 2 }, 2), "NaN ± NaN");
  assert.equal(statisticText(undefined, 2), "");
});

Deno.test("statistics: the best comes first, NaN and missing values last", () => {
  const sorted = (mode: "min" | "max") =>
    [2, undefined, 1, NaN, 3, Infinity].sort((a, b) => compareBy(mode, a, b));
  assert.deepEqual(sorted("max").slice(0, 4), [Infinity, 3, 2, 1]);
  assert.deepEqual(sorted("min").slice(0, 4), [1, 2, 3, Infinity]);
});

Deno.test("statistics: a metric's name tells its mode", () => {
  const smaller = ["evaluate/loss", "train/mean_loss", "val-rmse", "privacy/epsilon", "Perplexity"];
  for (const name of smaller) assert.equal(modeOf(name), "min", name);
  for (const name of ["accuracy", "glossary", "terror", "f1", "auc", "maeva"]) {
    assert.equal(modeOf(name), "max", name);
  }
});
