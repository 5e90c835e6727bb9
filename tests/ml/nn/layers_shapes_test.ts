import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { seededRandom } from "../../../base/random.ts";
import { gradients } from "../../../ml/grad/gradients.ts";
import { input, type Value } from "../../../ml/graph/value.ts";
import { OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import {
  avgPool2d,
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  dropout,
  embedding,
  flatten,
  gelu,
  globalAvgPool,
  groupNorm,
  type Layer,
  layerNorm,
  maxPool2d,
  multiHeadAttention,
  parallel,
  positionEmbedding,
  relu,
  reshape,
  residual,
  sequential,
  silu,
  transformerEncoder,
} from "../../../ml/mod.ts";
import { trace } from "../../../ml/nn/trace.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { assertClose } from "../../../ml/testing/compare.ts";
import { evaluateOnnx } from "../../../ml/testing/evaluate_onnx.ts";
import { interpret } from "../../../ml/testing/interpreter.ts";
import { type NdArray, ndArray } from "../../../ml/testing/nd_array.ts";

const RUNS = 25;
const small = fc.integer({ min: 1, max: 3 });

const convolutions = fc.record({
  out: small.map((n) => 2 * n),
  kernel: fc.constantFrom(1, 3),
  stride: fc.integer({ min: 1, max: 2 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  bias: fc.boolean(),
}).map((options) => conv2d({ ...options, padding: options.dilation * (options.kernel >> 1) }));

/** Parts, made anew each time so that none is shared, that take images of an even number of channels, at least 2 × 2, and yield such. */
const imageLayers = fc.oneof(
  convolutions,
  small.map((multiplier) => depthwiseConv2d({ kernel: 3, padding: 1, multiplier: 2 * multiplier })),
  small.map((n) => conv2d({ out: 2 * n, kernel: 3, padding: 1, groups: 2 })),
  fc.constantFrom(batchNorm, relu, silu, gelu).map((make) => make()),
  fc.constantFrom(1, 2).map((groups) => groupNorm(groups)),
  fc.constantFrom(0.2, 0.5).map((probability) => dropout(probability)),
  fc.constantFrom(maxPool2d, avgPool2d).map((pool) => pool(3, { stride: 1, padding: 1 })),
  small.map((n) => parallel([conv2d({ out: 2 * n, kernel: 1 }), relu()])),
  fc.constantFrom(relu, silu).map((make) => residual(sequential(batchNorm(), make()))),
);

const images = fc.record({
  shape: fc.tuple(small, fc.constantFrom(2, 4), fc.constantFrom(8, 9), fc.constantFrom(8, 11)),
  layers: fc.array(imageLayers, { minLength: 1, maxLength: 4 }),
  end: fc.constantFrom<readonly Layer[]>(
    [globalAvgPool(), dense({ out: 3 })],
    [flatten(), dense({ out: 2 })],
    [maxPool2d(2)],
  ),
}).map(({ shape, layers, end }) => ({
  x: input("x", "float32", shape),
  network: sequential(...layers, ...end),
}));

const sequences = fc.record({
  shape: fc.tuple(small, fc.integer({ min: 1, max: 5 }), fc.constantFrom(4, 8)),
  heads: fc.constantFrom(1, 2, 4),
  causal: fc.boolean(),
  normFirst: fc.boolean(),
  tokens: fc.boolean(),
}).map(({ shape: [batch, length, width], heads, causal, normFirst, tokens }) => ({
  x: tokens ? input("x", "int64", [batch, length]) : input("x", "float32", [batch, length, width]),
  network: sequential(
    ...(tokens ? [embedding({ tokens: 5, width })] : []),
    positionEmbedding(),
    multiHeadAttention({ heads, causal, dropout: 0.2 }),
    transformerEncoder({ heads, feedForward: 6, causal, normFirst, dropout: 0.2 }),
    layerNorm(),
    reshape([-1]),
  ),
}));

/** Output, state updates and all gradients of a network in training, with numbers for its inputs. */
function training(network: Layer, x: Value, seed: number) {
  const { output, variables, updates } = trace(network, x, input("key", "uint32", []));
  const wrt = variables.filter(({ trained }) => trained).map(({ value }) => value);
  const weights = input("weights", "float32", output.shape);
  const values = [output, ...updates.values(), ...gradients(output, [...wrt, x], weights)];
  const random = seededRandom(seed);
  const draw = () => Math.fround(2 * random.uniform() - 1);
  const numbers = new Map([
    ["x", ndArray(x.shape, x.dtype === "int64" ? () => Math.floor(5 * random.uniform()) : draw)],
    ["weights", ndArray(output.shape, draw)],
    ["key", ndArray([], () => seed)],
  ]);
  for (const { name, value } of variables) {
    const counter = value.dtype === "int64";
    numbers.set(name, ndArray(value.shape, counter ? () => 4 : () => draw() / 2));
  }
  return { values, numbers };
}

const largest = (data: Float64Array) => data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/**
 * How far each value may be from its definition. Some gradients are sums that cancel, as that of a bias before a batch
 * normalization, which is zero: they have no scale of their own, but rounding each step to float32 shows how far they go.
 */
function tolerancesOf(expected: readonly NdArray[], rounded: readonly NdArray[]): number[] {
  return expected.map(({ data }, i) => {
    const moved = largest(data.map((x, at) => x - rounded[i]!.data[at]!));
    return 2e-4 * Math.max(1, largest(data)) + 16 * moved;
  });
}

for (const [what, networks] of Object.entries({ images, sequences })) {
  Deno.test(`ONNX Runtime trains random networks on ${what} as defined`, async () => {
    await using engine = await LocalEngine.create(1);
    await fc.assert(
      fc.asyncProperty(networks, fc.nat(), async ({ network, x }, seed) => {
        const { values, numbers } = training(network, x, seed);
        const expected = interpret(values, numbers);
        const tolerances = tolerancesOf(expected, interpret(values, numbers, Math.fround));
        for (const optimizations of [PLAIN, OPTIMIZED]) {
          const got = await evaluateOnnx(engine, values, numbers, optimizations);
          expected.forEach((value, i) => {
            assertClose(got[i]!, value, tolerances[i]!, `value ${i}`);
          });
        }
      }),
      { numRuns: RUNS },
    );
  });
}

/** Layers with an input that does not fit, and what must be said: the layer and both shapes. */
const MISFITS: readonly (readonly [Layer, Value, RegExp])[] = [
  [
    conv2d({ in: 3, out: 4, kernel: 3 }),
    input("x", "float32", [2, 4, 8, 8]),
    /\[batch, 3, height, width\]: got \[2, 4, 8, 8\]/,
  ],
  [
    conv2d({ out: 4, kernel: 9 }),
    input("x", "float32", [2, 4, 8, 8]),
    /window of \[9,9\] .* \[8,8\]/,
  ],
  [
    conv2d({ out: 6, kernel: 3, groups: 3 }),
    input("x", "float32", [2, 4, 8, 8]),
    /groups must divide .*got 3 groups, and 4 channels/,
  ],
  [dense({ in: 5, out: 2 }), input("x", "float32", [2, 4]), /\[batch, …, 5\]: got \[2, 4\]/],
  [maxPool2d(2), input("x", "float32", [2, 4]), /\[batch, channels, height, width\]: got \[2, 4\]/],
  [avgPool2d(3), input("x", "float32", [1, 1, 2, 2]), /window of \[3,3\] .* \[2,2\]/],
  [globalAvgPool(), input("x", "float32", [2, 4]), /\[batch, channels, …\]: got \[2, 4\]/],
  [batchNorm(), input("x", "float32", [2]), /\[batch, channels, …\]: got \[2\]/],
  [groupNorm(3), input("x", "float32", [2, 4]), /in 3 groups: got \[2, 4\]/],
  [
    layerNorm({ shape: [3, 4] }),
    input("x", "float32", [2, 4, 3]),
    /\[batch, …, 3, 4\]: got \[2, 4, 3\]/,
  ],
  [
    embedding({ tokens: 3, width: 2 }),
    input("x", "float32", [2]),
    /int32 or int64 .* float32 \[2\]/,
  ],
  [multiHeadAttention({ heads: 3 }), input("x", "float32", [2, 5, 4]), /3 heads: got \[2, 5, 4\]/],
  [
    multiHeadAttention({ heads: 2, memory: input("m", "float32", [2, 5, 6]) }),
    input("x", "float32", [2, 5, 4]),
    /input \[2, 5, 4\] .* \[2, keys, 4\]: got \[2, 5, 6\]/,
  ],
  [
    residual(dense({ out: 3 })),
    input("x", "float32", [2, 4]),
    /Shapes cannot be broadcast in "add": \[2, 4\] and \[2, 3\]/,
  ],
  [reshape([3, 2]), input("x", "float32", [2, 4]), /\[2, 4\] .* \[2, 3, 2\]/],
];

for (const [layer, x, sentence] of MISFITS) {
  Deno.test(`${layer.kind} names itself and the shapes that do not fit: ${x.shape}`, () => {
    assert.throws(() => trace(sequential(relu(), layer), x), (error) => {
      assert.ok(error instanceof FlwrError && error.code === "invalid-argument", String(error));
      assert.ok(error.message.startsWith(`Layer "1" (${layer.kind}): `), error.message);
      assert.match(error.message, sentence);
      return true;
    });
  });
}
