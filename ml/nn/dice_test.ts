import assert from "node:assert/strict";
import { input } from "../graph/value.ts";
import { interpret } from "../testing/interpreter.ts";
import { ndArray } from "../testing/nd_array.ts";
import { diceLoss, type DiceLossOptions } from "./dice.ts";
import type { Loss } from "./loss.ts";
import { crossEntropy } from "./loss.ts";

function lossOf(loss: Loss, shape: number[], logit: () => number, target: number): number {
  const output = input("output", "float32", shape);
  const targets = input("target", "float32", shape);
  const numbers = new Map([
    ["output", ndArray(shape, logit)],
    ["target", ndArray(shape, () => target)],
  ]);
  return interpret([loss.perExample(output, targets)], numbers)[0]!.data[0]!;
}

Deno.test("dice: an empty mask that is left empty costs nothing, one that is missed everything", () => {
  const shape = [1, 1, 2, 2];
  assert.ok(lossOf(diceLoss(), shape, () => -100, 0) < 1e-6);
  assert.ok(lossOf(diceLoss(), shape, () => 100, 1) < 1e-6);
  assert.ok(lossOf(diceLoss(), shape, () => -100, 1) > 1 - 1e-5);
  assert.ok(lossOf(diceLoss(), shape, () => 100, 0) > 1 - 1e-5);
});

Deno.test("dice: options that do not go together are refused", () => {
  const wrong: readonly unknown[] = [
    { smooth: 0 },
    { smooth: -1 },
    { of: "pixels" },
    { background: false },
    { of: "masks", background: false },
    { of: "classes", smooth: NaN },
    { activation: "sigmoid" },
  ];
  for (const options of wrong) {
    assert.throws(() => diceLoss(options as DiceLossOptions), { code: "invalid-argument" });
  }
});

Deno.test("losses over the batch's axis, and of shapes that do not belong together, are refused", () => {
  const output = input("output", "float32", [2, 3, 4, 5]);
  const labels = input("target", "int64", [2, 4, 5]);
  const losses: readonly (readonly [Loss, string, readonly number[]])[] = [
    [crossEntropy(), "int64", [2, 4, 5]],
    [crossEntropy({ axis: 1 }), "int64", [2, 3, 4]],
    [crossEntropy({ axis: 1 }), "float32", [2, 4, 5]],
    [crossEntropy({ axis: 0 }), "int64", [3, 4, 5]],
    [crossEntropy({ axis: 0 }), "float32", [2, 3, 4, 5]],
    [crossEntropy({ axis: -4 }), "float32", [2, 3, 4, 5]],
    [crossEntropy({ axis: 4 }), "int64", [2, 4, 5]],
    [diceLoss({ of: "classes", axis: 0 }), "float32", [2, 3, 4, 5]],
    [diceLoss({ axis: 0 }), "float32", [2, 3, 4, 5]],
    [diceLoss(), "int64", [2, 4, 5]],
  ];
  for (const [loss, dtype, shape] of losses) {
    const target = input("target", dtype as "float32", shape);
    assert.throws(() => loss.perExample(output, target), { code: "invalid-argument" });
  }
  assert.deepEqual(crossEntropy({ axis: 1 }).perExample(output, labels).shape, [2]);
  assert.equal(crossEntropy({ axis: 1 }).classes!(output), 3);
});
