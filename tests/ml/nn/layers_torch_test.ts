import assert from "node:assert/strict";
import { gradients } from "../../../ml/grad/gradients.ts";
import { less } from "../../../ml/graph/elementwise.ts";
import { input, type Node, type Value } from "../../../ml/graph/value.ts";
import { OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import {
  avgPool2d,
  batchNorm,
  conv1d,
  conv2d,
  dense,
  depthwiseConv2d,
  embedding,
  gelu,
  globalAvgPool,
  globalMaxPool,
  groupNorm,
  type Layer,
  layerNorm,
  leakyRelu,
  logSoftmax,
  maxPool2d,
  multiHeadAttention,
  relu,
  sigmoid,
  silu,
  softmax,
  tanh,
  transformerEncoder,
  upsample2d,
} from "../../../ml/mod.ts";
import { trace } from "../../../ml/nn/trace.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { assertClose } from "../../../ml/testing/compare.ts";
import { evaluateOnnx } from "../../../ml/testing/evaluate_onnx.ts";
import { interpret } from "../../../ml/testing/interpreter.ts";
import { type NdArray, ndArray } from "../../../ml/testing/nd_array.ts";
import { type RecordedLayer, toNdArray, TORCH } from "./recorded.ts";

const memory = () => input("memory", "float32", [2, 3, 8]);
const seen = () => less(0, input("seen", "float32", [2, 1, 1, 5]));
const FIRST_SEES_THREE = [1, 1, 1, 0, 0, 1, 1, 1, 1, 1];

/** Constants of our graphs are float32, also where the interpreter computes in float64. */
const DEFINITION = 2e-7;
const RUNTIME = 5e-5;

/** Our layer for each recorded one. */
const LAYERS: Readonly<Record<string, () => Layer>> = {
  "conv2d": () => conv2d({ out: 3, kernel: 3 }),
  "conv2d stride padding": () =>
    conv2d({ out: 3, kernel: [3, 2], stride: [2, 3], padding: 1, in: 4 }),
  "conv2d dilation": () => conv2d({ out: 2, kernel: 3, dilation: 2, padding: 1, bias: false }),
  "conv2d groups": () => conv2d({ out: 6, kernel: 3, groups: 2, stride: 2 }),
  "depthwise": () => depthwiseConv2d({ kernel: 3, padding: 1, multiplier: 2 }),
  "dense": () => dense({ out: 3 }),
  "dense without bias": () => dense({ out: 3, bias: false }),
  "maxPool2d": () => maxPool2d(3, { stride: 2, padding: 1 }),
  "avgPool2d": () => avgPool2d(2),
  "avgPool2d overlapping": () => avgPool2d([3, 2], { stride: [2, 1], padding: [1, 0] }),
  "globalAvgPool": () => globalAvgPool(),
  "globalMaxPool": () => globalMaxPool(),
  "batchNorm 2d": () => batchNorm(),
  "batchNorm 1d": () => batchNorm({ epsilon: 0.01, momentum: 0.3, affine: false }),
  "layerNorm": () => layerNorm(),
  "layerNorm of two axes": () => layerNorm({ shape: [5, 8], epsilon: 0.1 }),
  "groupNorm": () => groupNorm(2),
  "embedding": () => embedding({ tokens: 6, width: 3 }),
  "attention": () => multiHeadAttention({ heads: 2 }),
  "attention causal": () => multiHeadAttention({ heads: 2, causal: true }),
  "attention padding": () => multiHeadAttention({ heads: 2, bias: false, mask: seen() }),
  "attention memory": () => multiHeadAttention({ heads: 2, memory: memory() }),
  "transformer": () => transformerEncoder({ heads: 2, feedForward: 12, dropout: 0 }),
  "transformer normFirst gelu": () =>
    transformerEncoder({
      heads: 2,
      feedForward: 12,
      dropout: 0,
      normFirst: true,
      activation: gelu(),
    }),
  "relu": () => relu(),
  "leakyRelu": () => leakyRelu({ slope: 0.2 }),
  "gelu": () => gelu(),
  "gelu tanh": () => gelu({ approximate: "tanh" }),
  "silu": () => silu(),
  "tanh": () => tanh(),
  "sigmoid": () => sigmoid(),
  "softmax": () => softmax({ axis: 1 }),
  "logSoftmax": () => logSoftmax(),
  "conv1d": () => conv1d({ out: 3, kernel: 3 }),
  "conv1d stride padding": () => conv1d({ in: 4, out: 3, kernel: 4, stride: 2, padding: 2 }),
  "conv1d dilation groups": () =>
    conv1d({ out: 6, kernel: 3, dilation: 2, groups: 2, bias: false }),
  "conv1d depthwise": () => conv1d({ out: 4, kernel: 5, padding: 2, groups: 4 }),
  "upsample2d": () => upsample2d(),
  "upsample2d uneven": () => upsample2d({ scale: [3, 1.5] }),
  "upsample2d size": () => upsample2d({ size: [7, 11] }),
  "upsample2d smaller": () => upsample2d({ size: [3, 2] }),
  "upsample2d bilinear": () => upsample2d({ mode: "bilinear" }),
  "upsample2d bilinear uneven": () => upsample2d({ scale: [1.7, 3], mode: "bilinear" }),
  "upsample2d bilinear corners": () => upsample2d({ mode: "bilinear", alignCorners: true }),
  "upsample2d bilinear size": () => upsample2d({ size: [7, 1], mode: "bilinear" }),
  "upsample2d bilinear size corners": () =>
    upsample2d({ size: [3, 1], mode: "bilinear", alignCorners: true }),
};

interface Expectation {
  readonly what: string;
  readonly value: Value;
  readonly expected: NdArray;
}

/** Everything that was recorded of a layer, as values of our graph. */
function expectationsOf(layer: Layer, recorded: RecordedLayer): Expectation[] {
  const x = input("x", recorded.integer ? "int64" : "float32", recorded.input.shape);
  const key = input("key", "uint32", []);
  const seed = input("seed", "float32", recorded.seed.shape);
  const { output, variables, updates } = trace(layer, x, key);
  assert.deepEqual(
    variables.map(({ name }) => name),
    Object.keys(recorded.state),
    "parameters and states as in PyTorch, in its order",
  );
  const trained = variables.filter((variable) => variable.trained);
  const slopes = gradients(output, [...trained.map(({ value }) => value), x], seed);
  const expectations = [
    { what: "output", value: output, expected: toNdArray(recorded.output) },
    ...trained.map(({ name }, i) => ({
      what: `gradient of ${name}`,
      value: slopes[i]!,
      expected: toNdArray(recorded.gradients[name]!),
    })),
    ...variables.filter((variable) => !variable.trained).map(({ name, value }) => ({
      what: `next ${name}`,
      value: updates.get(value)!,
      expected: toNdArray(recorded.after![name]!),
    })),
  ];
  if (recorded.inputGradient !== undefined) {
    const expected = toNdArray(recorded.inputGradient);
    expectations.push({ what: "gradient of the input", value: slopes.at(-1)!, expected });
  }
  return expectations;
}

function numbersOf(recorded: RecordedLayer): Map<string, NdArray> {
  const numbers = new Map([
    ["x", toNdArray(recorded.input)],
    ["seed", toNdArray(recorded.seed)],
    ["key", ndArray([], () => 0)],
    ["seen", { shape: [2, 1, 1, 5], data: Float64Array.from(FIRST_SEES_THREE) }],
  ]);
  for (const [name, value] of Object.entries(recorded.state)) numbers.set(name, toNdArray(value!));
  if (recorded.memory !== undefined) numbers.set("memory", toNdArray(recorded.memory));
  return numbers;
}

Deno.test("every recorded layer has one of ours", () => {
  assert.deepEqual(TORCH.layers.map(({ name }) => name), Object.keys(LAYERS));
});

for (const recorded of TORCH.layers) {
  Deno.test(`${recorded.name}: values, gradients and states are PyTorch's`, async () => {
    const layer = LAYERS[recorded.name]!();
    const numbers = numbersOf(recorded);
    const expectations = expectationsOf(layer, recorded);
    const outputs = expectations.map(({ value }) => value);
    interpret(outputs, numbers).forEach((value, i) => {
      assertClose(value, expectations[i]!.expected, DEFINITION, expectations[i]!.what);
    });
    await using engine = await LocalEngine.create(1);
    for (const optimizations of [PLAIN, OPTIMIZED]) {
      const got = await evaluateOnnx(engine, outputs, numbers, optimizations);
      got.forEach((value, i) => {
        assertClose(value, expectations[i]!.expected, RUNTIME, expectations[i]!.what);
      });
    }
  });

  if (recorded.evaluated === undefined) continue;
  Deno.test(`${recorded.name}: evaluation uses the states as PyTorch does`, () => {
    const x = input("x", "float32", recorded.input.shape) as Node<"input">;
    const { output, updates } = trace(LAYERS[recorded.name]!(), x);
    assert.equal(updates.size, 0);
    const numbers = numbersOf(recorded);
    // PyTorch was asked after its training step.
    for (const [name, value] of Object.entries(recorded.after!)) {
      numbers.set(name, toNdArray(value!));
    }
    assertClose(
      interpret([output], numbers)[0]!,
      toNdArray(recorded.evaluated!),
      DEFINITION,
      "output",
    );
  });
}
