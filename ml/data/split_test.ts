import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { splitPositions, trainTestSplit } from "./split.ts";

const dataset = (labels: readonly number[]) => ({
  x: tensor("float32", [labels.length, 1], Float32Array.from(labels, (_, i) => i)),
  y: tensor("int64", [labels.length], BigInt64Array.from(labels, BigInt)),
  classes: ["a", "b"],
});

Deno.test("split: every example is in one part, in its order, and the parts have their sizes", () => {
  const labels = fc.array(fc.nat(3), { minLength: 4, maxLength: 200 });
  const fraction = fc.double({ min: 0.05, max: 0.95, noNaN: true });
  fc.assert(
    fc.property(
      labels,
      fraction,
      fc.integer(),
      fc.boolean(),
      (labels, testFraction, seed, stratify) => {
        const counts = new Map<number, number>();
        for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
        const wanted = Math.ceil(testFraction * labels.length - 1e-9);
        fc.pre(wanted < labels.length && ![...counts.values()].includes(1));
        const { train, test } = splitPositions(
          labels.length,
          { testFraction, seed, stratify },
          labels,
        );
        assert.equal(test.length, wanted);
        assert.deepEqual(
          [...train, ...test].sort((a, b) => a - b),
          labels.map((_, i) => i),
        );
        assert.deepEqual([[...train], [...test]], [[...train.toSorted()], [...test.toSorted()]]);
        if (!stratify) return;
        for (const [label, count] of counts) {
          const inTest = [...test].filter((position) => labels[position] === label).length;
          assert.ok(Math.abs(inTest - count * wanted / labels.length) <= 1);
        }
      },
    ),
  );
});

Deno.test("split: other properties of a data set are kept", () => {
  const { train, test } = trainTestSplit(dataset([0, 1, 0, 1, 0]), { testFraction: 0.2 });
  assert.deepEqual([train.x.shape, test.x.shape, test.classes], [[4, 1], [1, 1], ["a", "b"]]);
});

Deno.test("split: data that cannot be split are refused", () => {
  const refused = (labels: readonly number[], options: Parameters<typeof trainTestSplit>[1]) =>
    assert.throws(
      () => trainTestSplit(dataset(labels), options),
      (error) => error instanceof FlwrError && error.code === "invalid-argument",
    );
  for (const testFraction of [0, 1, -1, NaN]) refused([0, 1], { testFraction });
  refused([0], { testFraction: 0.5 });
  refused([0, 1, 0, 1], { testFraction: 0.99 });
  refused([0, 0, 1], { testFraction: 0.4, stratify: true });
  refused([0, 0, 1], { testFraction: 0.4, seed: 0.5 });
  const { y: _, ...rest } = dataset([0, 1]);
  assert.throws(() =>
    trainTestSplit({ ...rest, y: rest.x }, { testFraction: 0.5, stratify: true })
  );
});
