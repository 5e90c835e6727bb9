import assert from "node:assert/strict";
import { onnxNetwork, type OnnxNetworkOptions } from "../../../ml/import/network.ts";
import { type Optimizations, OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import {
  crossEntropy,
  dense,
  meanSquaredError,
  Model,
  type ModelOptions,
  network,
  ops,
  sequential,
  sgd,
  weighted,
} from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { elementCount, type Tensor, tensor } from "../../../tensor/tensor.ts";
import trained from "../../vectors/ml/import/two_inputs.json" with { type: "json" };
import { mix } from "../example_network.ts";
import { difference, numbers, onnxFile, recorded, runFile } from "./onnx_file.ts";

const EXAMPLES = 80;
const BATCH = 8;
const FILES = ["two_inputs_torchscript.onnx", "two_inputs_dynamo.onnx"];
const INPUT = {
  image: { shape: [2, 6, 6], dtype: "float32" },
  facts: { shape: [5], dtype: "float32" },
} as const;
const LOSS = { kind: crossEntropy(), rating: weighted(meanSquaredError(), 0.5) };

/** Numbers by the formula of make_two_inputs.py, for each example. */
function formula(start: number, shape: readonly number[]): Tensor<"float32"> {
  const count = EXAMPLES * elementCount(shape);
  const data = Float32Array.from({ length: count }, (_, i) => (mix(i + start) >>> 23) / 256 - 1);
  return tensor("float32", [EXAMPLES, ...shape], data);
}

const KINDS = Uint8Array.from({ length: EXAMPLES }, (_, i) => mix(i + 2_000_000) % 3);
const DATA = {
  x: { image: formula(0, [2, 6, 6]), facts: formula(1_000_000, [5]) },
  y: { kind: tensor("uint8", [EXAMPLES], KINDS), rating: formula(3_000_000, [1]) },
};

function rowsOf(value: Tensor, from: number, to: number): Tensor {
  const width = value.data.length / EXAMPLES;
  const data = value.data.slice(from * width, to * width);
  return tensor(value.dtype, [to - from, ...value.shape.slice(1)], data) as Tensor;
}

function batches(from: number, to: number) {
  const cut = (parts: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(
      Object.entries(parts).map(([name, value]) => [name, rowsOf(value, from, to)]),
    );
  return { x: cut(DATA.x), y: cut(DATA.y) };
}

function modelOf(options: Pick<ModelOptions, "network"> & Partial<ModelOptions>): Model {
  return new Model({
    input: INPUT,
    loss: LOSS,
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    batchSize: BATCH,
    createEngine: () => LocalEngine.create(1),
    ...options,
  });
}

const BOTH: OnnxNetworkOptions = { output: ["kind", "rating"] };

function assertNear(model: Model, step: "1" | "10", most: number): void {
  const expected = trained.checkpoints[step];
  const parameters = model.getParameters();
  for (const [name, { stride, values }] of Object.entries(expected)) {
    if (name.endsWith("num_batches_tracked")) continue; // PyTorch's counter is not in files.
    const { data } = parameters.get(name)!;
    values.forEach((value, i) => {
      const error = Math.abs(Number(data[i * stride]) - value);
      assert.ok(error < most, `${name} after ${step} steps: differs by ${error}`);
    });
  }
  assert.equal(parameters.size, Object.keys(expected).length - 1);
}

async function trainsAsPyTorch(file: string, optimizations: Optimizations): Promise<void> {
  await using model = modelOf({ network: onnxNetwork(recorded(file), BOTH), optimizations });
  const options = { shuffle: false, optimizerState: "keep" } as const;
  const first = await model.fit(batches(0, BATCH), options);
  assert.ok(Math.abs(first.losses[0]! - trained.losses[0]!) < 1e-6, "first loss");
  assertNear(model, "1", 1e-6);
  await model.fit(batches(BATCH, EXAMPLES), options);
  assertNear(model, "10", 1e-5);
  const outputs = await model.predictAll(batches(0, 4).x);
  assert.deepEqual([...outputs.keys()], ["kind", "rating"]);
  for (const [name, { data }] of outputs) {
    const expected = trained.outputs[name as "kind" | "rating"];
    assert.equal(data.length, expected.length);
    expected.forEach((value, i) => assert.ok(Math.abs(data[i]! - value) < 2e-5, `${name} ${i}`));
  }
}

for (const file of FILES) {
  for (const [kind, optimizations] of [["plain", PLAIN], ["optimised", OPTIMIZED]] as const) {
    Deno.test(`${file}: two inputs train to PyTorch's weights (${kind})`, () =>
      trainsAsPyTorch(file, optimizations));
  }

  Deno.test(`${file}: what it computes is what ONNX Runtime computes from the file`, async () => {
    const bytes = recorded(file);
    await using model = modelOf({ network: onnxNetwork(bytes, BOTH) });
    await using engine = await LocalEngine.create(1);
    const x = { image: numbers([3, 2, 6, 6], 1), facts: numbers([3, 5], 2) };
    for (const [name, value] of await model.predictAll(x)) {
      assert.ok(difference(value, await runFile(engine, bytes, x, name)) < 1e-5, name);
    }
  });
}

Deno.test("the file says which inputs there are; one output of several inputs needs no name", async () => {
  const only = onnxNetwork(recorded(FILES[0]!), { output: "rating" });
  assert.deepEqual(only.inputs.map(({ name, shape }) => [name, shape]), [
    ["image", [null, 2, 6, 6]],
    ["facts", [null, 5]],
  ]);
  assert.deepEqual(only.outputs, ["rating"]);
  await using model = modelOf({ network: only, loss: meanSquaredError() });
  assert.ok(
    !model.getParameters().has("kind.weight"),
    "what the output does not need is not there",
  );
  const before = await model.evaluate({ x: DATA.x, y: DATA.y.rating });
  await model.fit({ x: DATA.x, y: DATA.y.rating }, { epochs: 3, seed: 1 });
  assert.ok((await model.evaluate({ x: DATA.x, y: DATA.y.rating })).loss < before.loss);
});

Deno.test("it is a part of a larger network under a name of its own", async () => {
  const file = onnxNetwork(recorded(FILES[1]!), { output: ["cat"] });
  const larger = network((inputs, scope) => {
    const { cat } = file.connect!(inputs, scope.within("body")) as Record<string, never>;
    return scope.apply(dense({ name: "head", out: 1 }), ops.relu(cat!));
  });
  await using model = modelOf({ network: larger, loss: meanSquaredError() });
  const names = [...model.getParameters().keys()];
  assert.deepEqual([names[0], names.at(-1)], ["body.conv.weight", "head.bias"]);
  await model.fit({ x: DATA.x, y: DATA.y.rating }, { epochs: 1 });
});

Deno.test("one input with named outputs may go without a name", async () => {
  const file = onnxFile({
    nodes: [
      { op: "Gemm", inputs: ["x", "w"], outputs: ["y"] },
      { op: "Tanh", inputs: ["y"], outputs: ["z"] },
    ],
    initializers: { w: numbers([3, 2], 1) },
  });
  await using model = modelOf({
    network: onnxNetwork(file, { output: ["y", "z"] }),
    input: { shape: [3], dtype: "float32" },
    loss: { y: meanSquaredError(), z: meanSquaredError() },
  });
  const outputs = await model.predictAll(numbers([4, 3], 2));
  const tanh = Float32Array.from(outputs.get("y")!.data, Math.tanh);
  assert.ok(difference(outputs.get("z")!, tensor("float32", [4, 2], tanh)) < 1e-6);
});

Deno.test("inputs of other names, and layers where a network is needed, are refused by name", () => {
  const both = onnxNetwork(recorded(FILES[0]!), BOTH);
  const refused = (options: Partial<ModelOptions>, says: RegExp) =>
    assert.throws(() => modelOf({ network: both, ...options }), {
      code: "invalid-argument",
      message: says,
    });
  const { image, facts } = INPUT;
  refused({ input: { image } }, /has the inputs "image", "facts": got "image"/);
  refused({ input: { image, fact: facts } }, /got "image", "fact"/);
  refused({ input: image }, /got one without a name/);
  refused(
    { network: sequential(both), input: image, loss: crossEntropy() },
    /A layer has one output.*: kind, rating/,
  );
  assert.throws(() => onnxNetwork(recorded(FILES[0]!), { output: [] }), /at least one output/);
});
