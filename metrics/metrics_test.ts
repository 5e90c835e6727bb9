import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../base/error.ts";
import { binaryStatistics } from "./binary.ts";
import { classStatistics } from "./classes.ts";
import { statisticsKind, type StatisticsName } from "./kinds.ts";
import { regressionStatistics } from "./regression.ts";
import { rocAuc } from "./roc_auc.ts";
import type { Statistics } from "./statistics.ts";

const invalid = (error: unknown) => error instanceof FlwrError && error.code === "invalid-argument";

function close(got: unknown, expected: number, name: string): void {
  assert.ok(Math.abs(Number(got) - expected) < 1e-12, `${name}: ${got}, expected ${expected}`);
}

/** The metrics of several nodes' statistics with the name "m", merged as the server merges them. */
function merge(kind: StatisticsName, nodes: readonly Map<string, number | number[]>[]) {
  const statistics = statisticsKind("m", kind);
  return statistics.merge("m", nodes.map((node) => statistics.read("m", node))).metrics("m");
}

function merged(kind: StatisticsName, nodes: readonly Statistics[]) {
  return merge(kind, nodes.map((node) => new Map(Object.entries(node.parts("m")))));
}

const SCORES = [0.1, 0.4, 0.35, 0.8, 0.65, 0.9, 0.5, 0.5];
const LABELS = [0, 0, 1, 1, 0, 1, 1, 0];

Deno.test("rocAuc: by hand, with a tie", () => {
  // Positives .35 .8 .9 .5 against negatives .1 .4 .65 .5: 1 + 4 + 4 + 2.5 of 16 pairs.
  close(rocAuc(SCORES, LABELS), 11.5 / 16, "auc");
  assert.equal(rocAuc([0.5, 0.5], [0, 1]), 0.5);
  assert.equal(rocAuc([1, 2], [1, 1]), undefined);
  assert.equal(rocAuc([], []), undefined);
});

Deno.test("binaryStatistics: each metric by hand", () => {
  const metrics = binaryStatistics(SCORES, LABELS, { bins: 10 }).metrics("m");
  close(metrics["m-auc"], 11.5 / 16, "auc");
  close(metrics["m-auc-uncertainty"], 0.5 / 16, "uncertainty");
  close(metrics["m-precision"], 3 / 5, "precision");
  close(metrics["m-recall"], 3 / 4, "recall");
  close(metrics["m-specificity"], 2 / 4, "specificity");
  close(metrics["m-f1"], 2 * 3 / (5 + 4), "f1");
  close(metrics["m-accuracy"], 5 / 8, "accuracy");
  // Bins: .1 | .35 | .4 | .5 .5 | .65 | .8 | .9, with 0, 1, 0, 1, 0, 1, 1 positives.
  close(
    metrics["m-calibration-error"],
    (0.1 + 0.65 + 0.4 + 0 + 0.65 + 0.2 + 0.1) / 8,
    "calibration",
  );
  const squares = SCORES.reduce((sum, score, i) => sum + (score - LABELS[i]!) ** 2, 0);
  close(metrics["m-brier"], squares / 8, "brier");
});

Deno.test("classStatistics: each metric by hand, with a class that nobody has", () => {
  const metrics = classStatistics([0, 1, 1, 2, 0], [0, 1, 0, 2, 2], { classes: 4 }).metrics("m");
  close(metrics["m-accuracy"], 3 / 5, "accuracy");
  assert.deepEqual(metrics["m-recall"], [1 / 2, 1, 1 / 2, 0]);
  assert.deepEqual(metrics["m-precision"], [1 / 2, 1 / 2, 1, 0]);
  close(metrics["m-balanced-accuracy"], (1 / 2 + 1 + 1 / 2) / 3, "balanced accuracy");
  close(metrics["m-macro-f1"], (1 / 2 + 2 / 3 + 2 / 3) / 3, "macro F1");
  assert.deepEqual(metrics["m-confusion"], [1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
});

Deno.test("regressionStatistics: each metric by hand", () => {
  const metrics = regressionStatistics([2.5, 0, 2, 8], [3, -0.5, 2, 7]).metrics("m");
  close(metrics["m-mae"], 0.5, "mae");
  close(metrics["m-rmse"], Math.sqrt(1.5 / 4), "rmse");
  close(metrics["m-r2"], 0.9486081370449679, "r2");
});

Deno.test("statistics: those of parts add up to those of the whole", () => {
  const example = fc.record({
    score: fc.integer({ min: 0, max: 64 }).map((n) => n / 64),
    label: fc.constantFrom(0, 1),
    class: fc.integer({ min: 0, max: 2 }),
    predicted: fc.integer({ min: 0, max: 2 }),
    target: fc.integer({ min: 1e6, max: 1e6 + 100 }),
    guess: fc.integer({ min: 1e6, max: 1e6 + 100 }),
  });
  const examples = fc.array(example, { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(fc.array(examples, { minLength: 1, maxLength: 4 }), (nodes) => {
    const kinds: Record<StatisticsName, (rows: typeof nodes[0]) => Statistics> = {
      binary: (rows) =>
        binaryStatistics(rows.map((r) => r.score), rows.map((r) => r.label), { bins: 128 }),
      classes: (rows) =>
        classStatistics(rows.map((r) => r.predicted), rows.map((r) => r.class), { classes: 3 }),
      regression: (rows) =>
        regressionStatistics(rows.map((r) => r.guess), rows.map((r) => r.target)),
    };
    for (const [kind, of] of Object.entries(kinds)) {
      const parts = merged(kind as StatisticsName, nodes.map(of));
      const whole = of(nodes.flat()).metrics("m");
      assert.deepEqual(Object.keys(parts), Object.keys(whole));
      for (const [name, value] of Object.entries(whole)) {
        [value].flat().forEach((number, i) => {
          const got = [parts[name]!].flat()[i]!;
          assert.ok(
            Math.abs(got - number) <= 1e-6 * Math.max(1, Math.abs(number)),
            `${name}: ${got}, ${number}`,
          );
        });
      }
    }
    // One bin holds one score here, so that the histogram's area is that of the scores.
    const all = nodes.flat();
    const auc = rocAuc(all.map((r) => r.score), all.map((r) => r.label));
    const binned = merged("binary", nodes.map(kinds.binary))["m-auc"];
    if (auc === undefined) assert.equal(binned, undefined);
    else close(binned, auc, "auc");
  }));
});

Deno.test("statistics: the area of a histogram differs from that of the scores by its uncertainty at most", () => {
  const example = fc.record({
    score: fc.double({ min: 0, max: 1, noNaN: true }),
    label: fc.constantFrom(0, 1),
  });
  fc.assert(fc.property(fc.array(example, { minLength: 2, maxLength: 50 }), (rows) => {
    const [scores, labels] = [rows.map((r) => r.score), rows.map((r) => r.label)];
    const auc = rocAuc(scores, labels);
    const metrics = binaryStatistics(scores, labels, { bins: 10 }).metrics("m");
    if (auc === undefined) return;
    const distance = Math.abs(Number(metrics["m-auc"]) - auc);
    assert.ok(distance <= Number(metrics["m-auc-uncertainty"]) + 1e-12);
  }));
});

Deno.test("statistics refuse numbers that make no sense", () => {
  assert.throws(() => rocAuc([NaN], [1]), invalid);
  assert.throws(() => rocAuc([1], [2]), invalid);
  assert.throws(() => rocAuc([1], []), invalid);
  assert.throws(() => binaryStatistics([1.5], [1]), invalid);
  assert.throws(() => binaryStatistics([0.5], [0.5]), invalid);
  assert.throws(() => binaryStatistics([0.5], [1], { bins: 3 }), invalid);
  assert.throws(() => classStatistics([3], [0], { classes: 3 }), invalid);
  assert.throws(() => classStatistics([0], [-1], { classes: 3 }), invalid);
  assert.throws(() => classStatistics([], [], { classes: 0 }), invalid);
  assert.throws(() => regressionStatistics([Infinity], [0]), invalid);
});

Deno.test("statistics: what a hostile node may send is refused", () => {
  const good = new Map(Object.entries(regressionStatistics([1, 2], [1, 3]).parts("m")));
  assert.throws(() => merge("regression", [good, new Map()]), invalid);
  for (
    const parts of [
      { "m.moments": 3 },
      { "m.moments": [1, 2, 3] },
      { "m.moments": [-1, 0, 0, 0, 0] },
      { "m.moments": [1.5, 0, 0, 0, 0] },
      { "m.moments": [1, 1e200, 0, 0, 0] },
      { "m.moments": [1, 0, 1e300, 0, 0] },
      { "m.moments": [1, NaN, 0, 0, 0] },
      { "m.other": [1] },
    ]
  ) assert.throws(() => merge("regression", [good, new Map(Object.entries(parts))]), invalid);
  const confusion = (matrix: number[]) => new Map([["m.confusion", matrix]]);
  assert.throws(() => merge("classes", [confusion([1, 2, 3])]), invalid);
  assert.throws(() => merge("classes", [confusion([1]), confusion([1, 0, 0, 1])]), invalid);
  assert.throws(() => merge("other" as StatisticsName, [good]), invalid);
});

Deno.test("statistics: histograms that no examples can give are refused", () => {
  const good = binaryStatistics([0.2, 0.9], [0, 1], { bins: 2 }).parts("m");
  const read = (parts: Record<string, number | number[]>) =>
    merge("binary", [new Map(Object.entries({ ...good, ...parts }))]);
  read({});
  const lies: Record<string, number[]>[] = [
    { "m.positives": [1e150, 0] },
    { "m.positives": [0.5, 0] },
    { "m.scores": [5, 0.9] },
    { "m.squares": [3] },
    { "m.squares": [0, 0] },
    { "m.negatives": [1, 0, 0] },
    { "m.positives": new Array<number>(200_000).fill(0) },
  ];
  for (const parts of lies) assert.throws(() => read(parts), invalid);
});
