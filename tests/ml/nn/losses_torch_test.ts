import assert from "node:assert/strict";
import { gradients } from "../../../ml/grad/gradients.ts";
import { reduceMean } from "../../../ml/graph/reduce.ts";
import { input } from "../../../ml/graph/value.ts";
import { PLAIN } from "../../../ml/lower/passes.ts";
import {
  binaryCrossEntropy,
  crossEntropy,
  diceLoss,
  huber,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
} from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { assertClose } from "../../../ml/testing/compare.ts";
import { evaluateOnnx } from "../../../ml/testing/evaluate_onnx.ts";
import { interpret } from "../../../ml/testing/interpreter.ts";
import { toNdArray, TORCH } from "./recorded.ts";

const LOSSES: Readonly<Record<string, Loss>> = {
  "crossEntropy": crossEntropy(),
  "crossEntropy smoothed": crossEntropy({ labelSmoothing: 0.1 }),
  "crossEntropy soft": crossEntropy(),
  "crossEntropy soft smoothed": crossEntropy({ labelSmoothing: 0.2 }),
  "crossEntropy of sequences": crossEntropy(),
  "binaryCrossEntropy": binaryCrossEntropy(),
  "binaryCrossEntropy far": binaryCrossEntropy(),
  "meanSquaredError": meanSquaredError(),
  "meanAbsoluteError": meanAbsoluteError(),
  "huber": huber(),
  "huber half": huber(0.5),
  "crossEntropy of pixels": crossEntropy({ axis: 1 }),
  "crossEntropy of pixels soft smoothed": crossEntropy({ axis: 1, labelSmoothing: 0.2 }),
  "dice": diceLoss(),
  "dice apart": diceLoss({ axis: 1 }),
  "dice smooth": diceLoss({ smooth: 1 }),
  "dice of classes": diceLoss({ of: "classes", axis: 1 }),
  "dice of shares": diceLoss({ of: "classes", axis: -3 }),
  "dice without background": diceLoss({ of: "classes", axis: 1, background: false }),
  "dice of rows": diceLoss({ of: "classes" }),
};

Deno.test("every recorded loss has one of ours", () => {
  assert.deepEqual(TORCH.losses.map(({ name }) => name), Object.keys(LOSSES));
});

for (const recorded of TORCH.losses) {
  Deno.test(`${recorded.name}: value and gradient are PyTorch's`, async () => {
    const output = input("output", "float32", recorded.output.shape);
    const target = input("target", recorded.integer ? "int64" : "float32", recorded.target.shape);
    const perExample = LOSSES[recorded.name]!.perExample(output, target);
    assert.deepEqual(perExample.shape, [recorded.output.shape[0]]);
    const loss = reduceMean(perExample);
    const values = [loss, ...gradients(loss, [output])];
    const numbers = new Map([
      ["output", toNdArray(recorded.output)],
      ["target", toNdArray(recorded.target)],
    ]);
    const expected = [
      { shape: [], data: Float64Array.of(recorded.loss) },
      toNdArray(recorded.gradient),
    ];
    const far = recorded.name.endsWith("far");
    if (!far) { // The interpreter writes log(1 + eˣ) plainly, which overflows where ONNX Runtime must not.
      interpret(values, numbers).forEach((value, i) => {
        assertClose(value, expected[i]!, 2e-7, `result ${i}`);
      });
    }
    await using engine = await LocalEngine.create(1);
    const got = await evaluateOnnx(engine, values, numbers, PLAIN);
    got.forEach((value, i) => assertClose(value, expected[i]!, 2e-5, `result ${i}`));
  });
}
