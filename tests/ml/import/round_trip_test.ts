import assert from "node:assert/strict";
import { type OnnxNetwork, onnxNetwork } from "../../../ml/import/network.ts";
import { crossEntropy, type Loss, meanSquaredError, Model, sgd } from "../../../ml/mod.ts";
import { MODEL } from "../../../ml/onnx/message/types.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { difference, EXAMPLE_SHAPES, numbers, onnxFile, recorded, runFile } from "./onnx_file.ts";

const EXAMPLES = 10;

function examplesFor({ inputType }: OnnxNetwork, shape: readonly number[], seed: number): Tensor {
  const real = numbers([EXAMPLES, ...shape], seed);
  if (inputType !== "int64") return real;
  return tensor(
    "int64",
    real.shape,
    BigInt64Array.from(real.data, (n) => BigInt(Math.floor(n + 3))),
  );
}

function modelOf(network: OnnxNetwork, x: Tensor, loss: Loss = crossEntropy()): Model {
  return new Model({
    network,
    input: { shape: x.shape.slice(1), dtype: x.dtype },
    loss,
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    batchSize: 4,
    createEngine: () => LocalEngine.create(1),
  });
}

/** Batch norm multiplies by 1 − 0.9, where Keras has its own momentum; dropout is not in a file for inference. */
const TRAINS_OTHERWISE = /keras/;

for (const [name, shape] of Object.entries(EXAMPLE_SHAPES)) {
  Deno.test(`${name}: read, trained, exported and read again it is the same`, async () => {
    const network = onnxNetwork(recorded(name));
    const x = examplesFor(network, shape, 1);
    const y = tensor("uint8", [EXAMPLES], Uint8Array.from({ length: EXAMPLES }, (_, i) => i % 2));
    await using first = modelOf(network, x);
    await first.fit({ x, y }, { epochs: 2 });
    const file = first.export();
    const again = onnxNetwork(file);
    await using second = modelOf(again, x);

    assert.deepEqual(again.ports, network.ports);
    assert.deepEqual(
      new Map([...second.getParameters()].sort()),
      new Map([...first.getParameters()].sort()),
    );
    const expected = await first.predict(x);
    assert.ok(difference(await second.predict(x), expected) < 1e-5);
    await using engine = await LocalEngine.create(1);
    const seven = examplesFor(network, shape, 2);
    const computed = await runFile(
      engine,
      file,
      { [again.ports.input]: seven },
      again.ports.output,
    );
    assert.ok(difference(computed, await first.predict(seven)) < 1e-5);

    if (TRAINS_OTHERWISE.test(name)) return;
    await first.fit({ x, y }, { epochs: 2, seed: 3 });
    await second.fit({ x, y }, { epochs: 2, seed: 3 });
    for (const [key, value] of first.getParameters()) {
      assert.ok(difference(second.getParameters().get(key)!, value) < 1e-5, key);
    }
  });
}

Deno.test("an exported batch norm is ONNX's own, and numbers that are no parameters are constants", () => {
  const network = onnxNetwork(recorded("cnn_torchscript.onnx"));
  const { graph } = MODEL.decode(
    modelOf(network, numbers([1, 3, 12, 12], 1)).export(),
  );
  const operators = graph!.node.map(({ opType }) => opType);
  assert.equal(operators.filter((op) => op === "BatchNormalization").length, 2);
  assert.deepEqual(
    graph!.initializer.map(({ name }) => name).sort(),
    MODEL.decode(recorded("cnn_dynamo.onnx")).graph!.initializer
      .map(({ name }) => name).sort(),
  );
});

const LINEAR = onnxFile({
  nodes: [{ op: "Gemm", inputs: ["x", "w"], outputs: ["y"] }],
  initializers: { w: numbers([3, 2], 1) },
});

Deno.test("normalisation is inside of an exported file, or left to the caller", async () => {
  const model = new Model({
    network: onnxNetwork(LINEAR),
    input: { shape: [3], normalize: { mean: [0.1, 0.2, 0.3], deviation: 0.5 } },
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 0.1 }),
    createEngine: () => LocalEngine.create(1),
  });
  await using _ = model;
  await using engine = await LocalEngine.create(1);
  const raw = tensor("uint8", [2, 3], Uint8Array.of(0, 1, 50, 100, 200, 255));
  const expected = await model.predict(raw);
  assert.ok(difference(await runFile(engine, model.export(), { x: raw }), expected) < 1e-6);
  const normal = Float32Array.from(raw.data, (n, i) => (n / 255 - 0.1 * (1 + i % 3)) / 0.5);
  const outside = model.export({
    normalization: "outside",
    inputName: "image",
    outputName: "scores",
  });
  const got = await runFile(
    engine,
    outside,
    { image: tensor("float32", [2, 3], normal) },
    "scores",
  );
  assert.ok(difference(got, expected) < 1e-6);
});

Deno.test("names that an exported model cannot have are refused", () => {
  const model = modelOf(onnxNetwork(LINEAR), numbers([1, 3], 1), meanSquaredError());
  for (
    const options of [{ inputName: "w" }, { outputName: "x" }, { outputName: "" }, {
      inputName: "%1",
    }]
  ) {
    assert.throws(() => model.export(options), /need names of their own: got/);
  }
});
