/** Networks that Keras exports by itself: right before training, trained, and right when exported again. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { meanSquaredError, Model, onnxNetwork, sgd } from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import recorded from "../../vectors/ml/keras/keras.json" with { type: "json" };

const FOLDER = new URL("../../vectors/ml/keras/", import.meta.url);

function modelOf(source: string | Uint8Array, shape: readonly number[]): Model {
  return new Model({
    network: onnxNetwork(source),
    input: { shape: shape.slice(1), dtype: "float32" },
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 1e-3 }),
    createEngine: () => LocalEngine.create(1),
  });
}

function assertNear(got: Tensor, expected: ArrayLike<number>): void {
  assert.equal(got.data.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(Number(got.data[i]) - expected[i]!);
    assert.ok(difference <= 1e-4, `${i}: ${got.data[i]} instead of ${expected[i]}`);
  }
}

for (const [name, { shape, x: numbers, y }] of Object.entries(recorded)) {
  Deno.test(`keras: ${name} computes what ONNX Runtime computes, trains and is exported`, async () => {
    const x = tensor("float32", shape, Float32Array.from(numbers));
    await using model = modelOf(fileURLToPath(new URL(`${name}.onnx`, FOLDER)), shape);
    const predicted = await model.predict(x);
    assertNear(predicted, y);
    const target = tensor("float32", predicted.shape, new Float32Array(predicted.data.length));
    const { losses } = await model.fit({ x, y: target }, { epochs: 20 });
    assert.ok(losses.at(-1)! < losses[0]!, losses.join());

    const trained = await model.predict(x);
    await using again = modelOf(model.export(), shape);
    // With another number of examples than that of the file's trace.
    const few = tensor("float32", [3, ...shape.slice(1)], x.data.slice(0, x.data.length / 4 * 3));
    assertNear(await again.predict(few), trained.data.slice(0, trained.data.length / 4 * 3));
  });
}
