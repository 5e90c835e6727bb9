import assert from "node:assert/strict";
import { input } from "../../../ml/graph/value.ts";
import { onnxNetwork, type OnnxNetworkOptions } from "../../../ml/import/network.ts";
import { dense, meanSquaredError, Model, sequential, sgd } from "../../../ml/mod.ts";
import { type Trace, trace } from "../../../ml/nn/trace.ts";
import { ELEMENT } from "../../../ml/onnx/message/numbers.ts";
import { ATTRIBUTE, FUNCTION, MODEL, NODE } from "../../../ml/onnx/message/types.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { tensor } from "../../../tensor/tensor.ts";
import {
  difference,
  integers,
  numbers,
  onnxFile,
  recorded,
  runFile,
  runNetwork,
} from "./onnx_file.ts";

function traced(
  file: Uint8Array,
  shape: readonly number[],
  options: OnnxNetworkOptions = {},
): Trace {
  const key = input("key", "uint32", []);
  return trace(onnxNetwork(file, options), input("x", "float32", shape), key);
}

const trainedOf = ({ variables }: Trace) =>
  variables.filter(({ trained }) => trained).map(({ name }) => name);
const statesOf = ({ variables }: Trace) =>
  variables.filter(({ trained }) => !trained).map(({ name }) => name);

const IMAGE = [2, 3, 12, 12];

Deno.test("tensors become parameters under the file's names, statistics become states", () => {
  const all = traced(recorded("cnn_torchscript.onnx"), IMAGE);
  assert.deepEqual(trainedOf(all), [
    "conv1.weight",
    "bn1.weight",
    "bn1.bias",
    "conv2.weight",
    "conv2.bias",
    "bn2.weight",
    "bn2.bias",
    "conv3.weight",
    "conv3.bias",
    "fc.weight",
    "fc.bias",
  ]);
  const statistics = ["bn1", "bn2"].flatMap((
    name,
  ) => [`${name}.running_mean`, `${name}.running_var`]);
  assert.deepEqual(statesOf(all).sort(), statistics);
  assert.equal(all.updates.size, 4);
});

Deno.test("frozen parameters stay with the others but are not trained", () => {
  const some = traced(recorded("cnn_torchscript.onnx"), IMAGE, {
    freeze: ["conv1.weight", /^bn1\./],
  });
  assert.deepEqual(trainedOf(some).filter((name) => /^(conv1|bn1)/.test(name)), []);
  assert.ok(statesOf(some).includes("conv1.weight") && statesOf(some).includes("bn1.weight"));
  assert.equal(some.updates.size, 2, "frozen statistics do not move");
});

Deno.test("a frozen batch norm normalises by its own statistics in training too", async () => {
  const file = recorded("cnn_torchscript.onnx");
  const network = onnxNetwork(file, { freeze: /running_/ });
  await using engine = await LocalEngine.create(1);
  const x = numbers(IMAGE, 1);
  const expected = await runNetwork(engine, network, x);
  assert.equal(difference(await runNetwork(engine, network, x, { training: true }), expected), 0);
  const moving = await runNetwork(engine, onnxNetwork(file), x, { training: true });
  assert.ok(difference(moving, expected) > 0.1, "it normalises by the batch otherwise");
});

/** y = (x · factor) ^ exponent + bias, with a mask that has an infinity. */
const ARITHMETIC = onnxFile({
  nodes: [
    { op: "Mul", inputs: ["x", "factor"], outputs: ["a"] },
    { op: "Add", inputs: ["a", "mask"], outputs: ["b"] },
    { op: "Add", inputs: ["b", "bias"], outputs: ["y"] },
  ],
  initializers: {
    factor: numbers([1], 1),
    bias: numbers([1], 2),
    mask: tensor("float32", [3], Float32Array.of(0, -Infinity, 0)),
  },
});

Deno.test("factors and masks are constants unless they are asked to be trained", () => {
  assert.deepEqual(trainedOf(traced(ARITHMETIC, [2, 3])), ["bias"]);
  assert.deepEqual(trainedOf(traced(ARITHMETIC, [2, 3], { train: "factor" })), ["factor", "bias"]);
});

Deno.test("equal tensors that an exporter merged are trained apart, shared ones together", () => {
  const ones = tensor("float32", [3], Float32Array.of(1, 1, 1));
  const file = (weight: typeof ones) =>
    onnxFile({
      nodes: [
        { op: "Add", name: "first", inputs: ["x", "b"], outputs: ["a"] },
        { op: "Relu", inputs: ["a"], outputs: ["r"] },
        { op: "Add", name: "second", inputs: ["r", "b"], outputs: ["y"] },
      ],
      initializers: { b: weight },
    });
  assert.deepEqual(trainedOf(traced(file(ones), [2, 3])), ["b@first", "b@second"]);
  assert.deepEqual(trainedOf(traced(file(numbers([3], 1)), [2, 3])), ["b"]);
});

Deno.test("parameters start with the file's values, whatever the seed, and within other layers", () => {
  const file = recorded("mlp_dynamo.onnx");
  const modelOf = (seed: number) =>
    new Model({
      network: sequential(onnxNetwork(file, { name: "body" }), dense({ name: "head", out: 1 })),
      input: { shape: [12], dtype: "float32" },
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.1 }),
      createEngine: () => LocalEngine.create(1),
      seed,
    });
  const [one, two] = [modelOf(1).getParameters(), modelOf(2).getParameters()];
  assert.deepEqual(one.get("body.fc1.weight"), two.get("body.fc1.weight"));
  assert.notDeepEqual(one.get("head.weight"), two.get("head.weight"));
  const weight = MODEL.decode(file).graph!.initializer
    .find(({ name }) => name === "fc1.weight")!;
  const bytes = new Uint8Array((one.get("body.fc1.weight")!.data as Float32Array).buffer);
  assert.deepEqual(bytes, weight.rawData.slice());
});

Deno.test("any value of the graph can be the output", () => {
  const file = recorded("cnn_torchscript.onnx");
  const { output } = traced(file, IMAGE, { output: "/MaxPool_output_0" });
  assert.deepEqual(output.shape, [2, 8, 6, 6]);
  assert.equal(onnxNetwork(recorded("sklearn_mlp.onnx")).ports.output, "out_activations_result");
});

Deno.test("dropout drops in training only", async () => {
  const file = onnxFile({
    nodes: [{ op: "Dropout", inputs: ["x", "ratio"], outputs: ["y"] }],
    initializers: { ratio: tensor("float32", [], Float32Array.of(0.25)) },
  });
  await using engine = await LocalEngine.create(1);
  const x = numbers([100, 100], 3, 1, 2);
  assert.equal(difference(await runNetwork(engine, onnxNetwork(file), x), x), 0);
  const dropped = await runNetwork(engine, onnxNetwork(file), x, { training: true });
  const factors = Array.from(dropped.data as Float32Array, (y, i) => y / x.data[i]!);
  assert.ok(factors.every((f) => f === 0 || Math.abs(f - 4 / 3) < 1e-6));
  const share = factors.filter((f) => f === 0).length / factors.length;
  assert.ok(Math.abs(share - 0.25) < 0.03, `dropped ${share}`);
});

Deno.test("a file for a fixed number of examples takes any number", async () => {
  const file = onnxFile({
    nodes: [{ op: "Reshape", inputs: ["x", "to"], outputs: ["y"] }],
    initializers: { to: integers(2, 6) },
    input: [2, 3, 2],
  });
  await using engine = await LocalEngine.create(1);
  const x = numbers([5, 3, 2], 1);
  const result = await runNetwork(engine, onnxNetwork(file), x);
  assert.deepEqual(result.shape, [5, 6]);
  assert.deepEqual(result.data, x.data);
});

Deno.test("functions of a file are what they stand for, also within each other", async () => {
  const model = MODEL.decode(
    onnxFile({
      nodes: [{
        op: "Twice",
        domain: "own",
        name: "call",
        inputs: ["x", "w"],
        outputs: ["y"],
        attributes: { slope: { float: 0.5 } },
      }],
      initializers: { w: numbers([3], 1) },
    }),
  );
  const expected = onnxFile({
    nodes: [
      { op: "Add", inputs: ["x", "w"], outputs: ["a"] },
      { op: "LeakyRelu", inputs: ["a"], outputs: ["b"], attributes: { alpha: { float: 0.5 } } },
      { op: "LeakyRelu", inputs: ["b"], outputs: ["y"], attributes: { alpha: { float: 0.5 } } },
    ],
    initializers: { w: numbers([3], 1) },
  });
  const opsetImport = [{ domain: "", version: 17n }, { domain: "own", version: 1n }];
  const leaky = ATTRIBUTE.create({ name: "alpha", type: 1, refAttrName: "slope" });
  model.functions = [
    FUNCTION.create({
      name: "Twice",
      domain: "own",
      input: ["p", "q"],
      output: ["r"],
      attribute: ["slope"],
      opsetImport,
      node: [
        NODE.create({ opType: "Add", input: ["p", "q"], output: ["s"] }),
        NODE.create({
          opType: "Leak",
          domain: "own",
          input: ["s"],
          output: ["t"],
          attribute: [{ ...leaky, name: "slope" }],
        }),
        NODE.create({
          opType: "Leak",
          domain: "own",
          input: ["t"],
          output: ["r"],
          attribute: [{ ...leaky, name: "slope" }],
        }),
      ],
    }),
    FUNCTION.create({
      name: "Leak",
      domain: "own",
      input: ["x"],
      output: ["y"],
      attribute: ["slope"],
      opsetImport,
      node: [
        NODE.create({ opType: "LeakyRelu", input: ["x"], output: ["y"], attribute: [leaky] }),
      ],
    }),
  ];
  await using engine = await LocalEngine.create(1);
  const x = numbers([2, 3], 2);
  const got = await runNetwork(engine, onnxNetwork(MODEL.encode(model)), x);
  assert.ok(difference(got, await runFile(engine, expected, { x })) < 1e-6);

  model.functions[1]!.node[0]!.opType = "Twice";
  model.functions[1]!.node[0]!.domain = "own";
  assert.throws(
    () => onnxNetwork(MODEL.encode(model)),
    /are nested more than 16 levels deep/,
  );
});

Deno.test("numbers of other widths are computed in float32", async () => {
  const weight = numbers([3], 4, 0, 1);
  const bits = new Uint16Array(3);
  new Uint32Array(weight.data.buffer.slice(0)).forEach((word, i) => bits[i] = word >>> 16);
  const brain = Uint32Array.from(bits, (half) => half << 16);
  const forms = {
    [ELEMENT.DOUBLE]: [new Float64Array(weight.data), weight.data],
    [ELEMENT.FLOAT16]: [
      new Float16Array(weight.data),
      Float32Array.from(new Float16Array(weight.data)),
    ],
    [ELEMENT.BFLOAT16]: [bits, new Float32Array(brain.buffer)],
  };
  await using engine = await LocalEngine.create(1);
  for (const [type, [stored, expected]] of Object.entries(forms)) {
    const model = MODEL.decode(
      onnxFile({
        nodes: [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
        initializers: { w: weight },
      }),
    );
    const w = model.graph!.initializer[0]!;
    w.dataType = Number(type);
    w.rawData = new Uint8Array(stored!.buffer);
    const network = onnxNetwork(MODEL.encode(model));
    const zero = tensor("float32", [3], new Float32Array(3));
    assert.deepEqual((await runNetwork(engine, network, zero)).data, expected);
  }
});

Deno.test("names that networks are written with are refused", () => {
  const file = onnxFile({
    nodes: [{ op: "Add", inputs: ["x", "%0"], outputs: ["y"] }],
    initializers: { "%0": numbers([3], 1) },
  });
  assert.throws(() => onnxNetwork(file), /cannot begin with % or #: got "%0"/);
});

Deno.test("a network whose tensors are named like the trainer's own things trains", async () => {
  const names = ["rows", "weights", "loss", "output", "data:x", "step.0"];
  const nodes = names.map((name, i) => ({
    op: "Add",
    inputs: [i === 0 ? "x" : `v${i - 1}`, name],
    outputs: [i === names.length - 1 ? "y" : `v${i}`],
  }));
  const initializers = Object.fromEntries(names.map((name, i) => [name, numbers([2], i)]));
  await using model = new Model({
    network: onnxNetwork(onnxFile({ nodes, initializers })),
    input: { shape: [2], dtype: "float32" },
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }),
    createEngine: () => LocalEngine.create(1),
  });
  const data = { x: numbers([8, 2], 9), y: numbers([8, 2], 10) };
  const before = await model.evaluate(data);
  await model.fit(data, { epochs: 5, seed: 0 });
  assert.ok((await model.evaluate(data)).loss < before.loss);
});
