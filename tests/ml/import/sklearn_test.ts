import assert from "node:assert/strict";
import fc from "fast-check";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { binaryCrossEntropy, crossEntropy, Model, sgd } from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { numbers, onnxFile, recorded } from "./onnx_file.ts";

/** Vectors whose class is decided by two of their numbers. */
function examples(count: number, classes: number): { x: Tensor; y: Tensor } {
  const x = numbers([count, 12], 5);
  const y = Uint8Array.from({ length: count }, (_, i) => {
    const [a, b] = [x.data[12 * i]!, x.data[12 * i + 1]!];
    return a > 0 ? 0 : b > 0 || classes === 2 ? 1 : 2;
  });
  return { x, y: tensor("uint8", [count], y) };
}

const FILES = [
  ["sklearn_mlp.onnx", 3, ["coefficient", "intercepts", "coefficient1", "intercepts1"]],
  ["sklearn_mlp_binary.onnx", 2, ["coefficient", "intercepts", "coefficient1", "intercepts1"]],
  ["sklearn_logistic.onnx", 3, ["LinearClassifier.coefficients", "LinearClassifier.intercepts"]],
  [
    "sklearn_logistic_binary.onnx",
    2,
    ["LinearClassifier.coefficients", "LinearClassifier.intercepts"],
  ],
] as const;

for (const [file, classes, names] of FILES) {
  Deno.test(`${file} learns; its probabilities are what cross-entropy measures`, async () => {
    await using model = new Model({
      network: onnxNetwork(recorded(file)),
      input: { shape: [12], dtype: "float32" },
      loss: crossEntropy(),
      optimizer: sgd({ learningRate: 0.2, momentum: 0.9 }),
      createEngine: () => LocalEngine.create(1),
    });
    assert.deepEqual([...model.getParameters().keys()], names);
    const data = examples(300, classes);
    const before = await model.evaluate(data);
    await model.fit(data, { epochs: 15, seed: 0 });
    const after = await model.evaluate(data);
    assert.ok(after.loss < before.loss / 2, `${before.loss} → ${after.loss}`);
    assert.ok(after.accuracy > 0.85, `accuracy ${after.accuracy}`);

    const chances = await model.predict(data.x);
    let sum = 0;
    for (let i = 0; i < 300; i++) {
      const row = chances.data.subarray(i * classes, (i + 1) * classes);
      assert.ok(Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-5, "rows add up to 1");
      sum -= Math.log(row[Number(data.y.data[i])]!);
    }
    // Chances near 0 lose digits that logits have.
    assert.ok(Math.abs(sum / 300 - after.loss) < 1e-4, `${sum / 300} and ${after.loss}`);
  });
}

const endingIn = (op: string) =>
  onnxFile({
    nodes: [
      { op: "MatMul", inputs: ["x", "w"], outputs: ["z"] },
      { op, inputs: ["z"], outputs: ["y"] },
    ],
    initializers: { w: numbers([4, 3], 1) },
    input: [null, 4],
  });

function lossOf(file: Uint8Array, loss = crossEntropy()): Model {
  return new Model({
    network: onnxNetwork(file),
    input: { shape: [4], dtype: "float32" },
    loss,
    optimizer: sgd({ learningRate: 0.1 }),
    createEngine: () => LocalEngine.create(1),
  });
}

Deno.test("a last sigmoid is the sigmoid of binary cross-entropy", async () => {
  await using model = lossOf(endingIn("Sigmoid"), binaryCrossEntropy());
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const x = numbers([2, 4], seed, -0.5, 0.5);
      const y = tensor("float32", [2, 3], Float32Array.of(1, 0, 1, 0, 0, 1));
      const { loss, accuracy } = await model.evaluate({ x, y });
      const { data } = await model.predict(x);
      const terms = y.data.map((target, i) => -Math.log(target === 1 ? data[i]! : 1 - data[i]!));
      const right = y.data.filter((target, i) => (data[i]! > 0.5) === (target === 1)).length;
      assert.ok(Math.abs(loss - terms.reduce((a, b) => a + b) / 6) < 1e-5);
      assert.ok(Math.abs(accuracy - right / 6) < 1e-6);
    }),
    { numRuns: 20 },
  );
});

Deno.test("a loss for the other kind of probabilities is refused by name", async () => {
  const data = { x: numbers([2, 4], 1), y: tensor("uint8", [2], Uint8Array.of(0, 1)) };
  await using model = lossOf(endingIn("Sigmoid"));
  await assert.rejects(model.fit(data), /ends in a sigmoid, and this loss needs .* softmax/);
  await using other = lossOf(endingIn("Softmax"), binaryCrossEntropy());
  const y = tensor("float32", [2, 3], new Float32Array(6));
  await assert.rejects(other.fit({ ...data, y }), /ends in a softmax/);
});
