import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import { poissonBatch } from "../../ml/step/poisson.ts";
import { RdpAccountant } from "../../privacy/accounting/accountant.ts";
import { forTestsSeededEntropy } from "../../privacy/noise/for_tests.ts";
import type { Dataset } from "../../tensor/dataset.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import * as ops from "../ops.ts";
import { gelu, relu, tanh } from "../nn/activation.ts";
import { multiHeadAttention } from "../nn/attention.ts";
import { adam } from "../nn/adam.ts";
import { batchNorm } from "../nn/batch_norm.ts";
import { residual } from "../nn/combine.ts";
import { conv1d, conv2d, depthwiseConv2d } from "../nn/convolution.ts";
import { dense } from "../nn/dense.ts";
import { dropout } from "../nn/dropout.ts";
import { embedding, positionEmbedding } from "../nn/embedding.ts";
import { filled, normal } from "../nn/initializer.ts";
import { type Layer, layer } from "../nn/layer.ts";
import {
  binaryCrossEntropy,
  crossEntropy,
  huber,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
} from "../nn/loss.ts";
import { groupNorm, layerNorm } from "../nn/normalization.ts";
import { avgPool2d, globalAvgPool, maxPool2d } from "../nn/pooling.ts";
import { rmsprop } from "../nn/rmsprop.ts";
import { linearDecay } from "../nn/schedule.ts";
import { sequential } from "../nn/sequential.ts";
import { sgd } from "../nn/sgd.ts";
import { flatten } from "../nn/shaping.ts";
import { transformerEncoder } from "../nn/transformer.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { type DpSgd, dpSgd, type DpSgdOptions } from "../step/dp_sgd.ts";
import type { InputSpec } from "./input_spec.ts";
import { Model } from "./model.ts";

/** Whether an error has a code, and its message matches. */
function code(expected: FlwrError["code"], named = /./) {
  return (error: unknown) => {
    assert.ok(error instanceof FlwrError, String(error));
    assert.equal(error.code, expected, error.message);
    assert.match(error.message, named);
    return true;
  };
}

interface Case {
  readonly network: Layer;
  readonly input: InputSpec;
  readonly loss: Loss;
  /** Tokens instead of real numbers, below this. */
  readonly tokens?: number;
  /** Number of outputs, if targets are numbers and not labels. */
  readonly outputs?: number;
  /** Number of examples (default: 6). */
  readonly examples?: number;
}

const meanOverPositions = layer("mean", (x) => ops.reduceMean(x, { axes: [1] }));
const numbers = (...shape: number[]): InputSpec => ({ shape, dtype: "float32" });
const tokens = (length: number): InputSpec => ({ shape: [length], dtype: "int32" });
const classified = { loss: crossEntropy() } as const;
const shared = dense({ out: 5, name: "shared" });

const CASES: Readonly<Record<string, Case>> = {
  "MLP": {
    network: sequential(dense({ out: 7 }), relu(), dense({ out: 3 })),
    input: numbers(5),
    ...classified,
  },
  "convolutions, group norm and pools": {
    network: sequential(
      conv2d({ out: 6, kernel: 3, padding: 1 }),
      groupNorm(2),
      relu(),
      maxPool2d(2),
      conv2d({ out: 4, kernel: 3, stride: 2, padding: 1, groups: 2, bias: false }),
      tanh(),
      flatten(),
      dense({ out: 3 }),
    ),
    input: numbers(2, 8, 8),
    ...classified,
  },
  "depthwise, dilated, pointwise and strided convolutions": {
    network: sequential(
      depthwiseConv2d({ kernel: 3, padding: 1, multiplier: 2 }),
      conv2d({ out: 5, kernel: 1 }),
      relu(),
      conv2d({ out: 12, kernel: [2, 3], dilation: 2 }),
      avgPool2d(2),
      conv2d({ out: 16, kernel: 1, stride: 2 }),
      globalAvgPool(),
      flatten(),
      dense({ out: 2 }),
    ),
    input: numbers(3, 9, 9),
    loss: meanSquaredError(),
    outputs: 2,
  },
  "deep narrow convolution, whose norm needs no kernels": {
    network: sequential(conv2d({ out: 24, kernel: 3 }), relu(), flatten(), dense({ out: 2 })),
    input: numbers(8, 4, 4),
    loss: huber(0.5),
    outputs: 2,
  },
  "convolution over a sequence": {
    network: sequential(conv1d({ out: 4, kernel: 3 }), gelu(), flatten(), dense({ out: 2 })),
    input: numbers(3, 7),
    loss: binaryCrossEntropy(),
    outputs: 2,
  },
  "convolutions below pools, as products with the batch innermost": {
    network: sequential(
      conv2d({ out: 3, kernel: 3 }),
      relu(),
      maxPool2d(2),
      conv2d({ out: 4, kernel: 3, padding: 1 }),
      tanh(),
      maxPool2d(2),
      flatten(),
      dense({ out: 20 }),
      relu(),
      dense({ out: 3 }),
    ),
    input: numbers(2, 10, 10),
    examples: 18,
    ...classified,
  },
  "an input whose scale moves to the layer": {
    network: sequential(
      layer("scale", (x) => ops.mul(x, 0.125)),
      dense({ out: 7 }),
      tanh(),
      meanOverPositions,
      dense({ out: 3 }),
    ),
    input: numbers(6, 4),
    ...classified,
  },
  "as many positions as some operators are chosen by": {
    network: sequential(dense({ out: 3 }), tanh(), meanOverPositions),
    input: numbers(45, 2),
    ...classified,
  },
  "embedding, attention and layer norm": {
    network: sequential(
      embedding({ tokens: 6, width: 8 }),
      positionEmbedding(),
      transformerEncoder({ heads: 2, feedForward: 12, dropout: 0 }),
      layerNorm(),
      meanOverPositions,
      dense({ out: 3 }),
    ),
    input: tokens(5),
    tokens: 6,
    ...classified,
  },
  "wide dense layer over a few positions": {
    network: sequential(dense({ out: 30 }), relu(), dense({ out: 2 }), meanOverPositions),
    input: numbers(3, 20),
    loss: meanAbsoluteError(),
    outputs: 2,
  },
  "attention to a memory": {
    network: layer("memory", (x, scope) => {
      const memory = scope.apply(dense({ out: 4, name: "memory" }), x);
      const seen = scope.apply(multiHeadAttention({ heads: 2, memory, name: "attention" }), x);
      return ops.reduceMean(seen, { axes: [1] });
    }),
    input: numbers(3, 4),
    loss: meanSquaredError(),
    outputs: 4,
  },
  "a layer that is used twice": {
    network: sequential(
      dense({ out: 5 }),
      layer(
        "twice",
        (x, scope) => scope.apply(shared, relu().apply(scope.apply(shared, x), scope)),
      ),
      dense({ out: 3 }),
    ),
    input: numbers(4),
    ...classified,
  },
  "an embedding whose table is also the output layer": {
    network: layer("tied", (x, scope) => {
      const table = scope.parameter("table", [6, 4], normal(1));
      const vectors = ops.gather(table, x);
      return ops.matmul(ops.reduceMean(vectors, { axes: [1] }), ops.transpose(table));
    }),
    input: tokens(4),
    tokens: 6,
    ...classified,
  },
  "a class token and scales that are functions of parameters": {
    network: layer("token", (x, scope) => {
      const [batch, , width] = x.shape as [number, number, number];
      const token = scope.parameter("token", [1, 1, width], normal(1));
      const all = ops.concat([ops.broadcastTo(token, [batch, 1, width]), x], 1);
      const scale = ops.exp(scope.parameter("log_scale", [width], filled(0.2)));
      const block = scope.apply(residual(dense({ out: width })), ops.mul(all, scale));
      return ops.reduceMean(block, { axes: [1] });
    }),
    input: numbers(3, 4),
    loss: meanSquaredError(),
    outputs: 4,
  },
  "a parameter with a use that has no rule: one example per pass": {
    network: layer("normed", (x, scope) => {
      const raw = scope.parameter("raw", [4, 3], normal(1));
      const norm = ops.sqrt(ops.reduceSum(ops.mul(raw, raw), { axes: [0], keep: true }));
      return ops.matmul(x, ops.div(raw, norm));
    }),
    input: numbers(4),
    ...classified,
  },
};

const EXAMPLES = 6;

function dataOf(
  { input, tokens, outputs, loss, examples: own = EXAMPLES }: Case,
  examples = own,
): Dataset {
  const random = seededRandom(5);
  const shape = [examples, ...input.shape];
  const draw = (count: number, scale: number) =>
    Array.from({ length: count }, () => random.uniform() * scale);
  const count = elementCount(shape);
  const x = tokens === undefined
    ? tensor("float32", shape, Float32Array.from(draw(count, 4)))
    : tensor("int32", shape, Int32Array.from(draw(count, tokens)));
  const y = outputs === undefined
    ? tensor("int32", [examples], Int32Array.from({ length: examples }, (_, i) => i % 3))
    : tensor(
      "float32",
      [examples, outputs],
      Float32Array.from(draw(examples * outputs, loss.targetRange ? 1 : 5)),
    );
  return { x, y };
}

/** Some examples of a data set. */
function chosen({ x, y }: Dataset, rows: readonly number[]): Dataset {
  const part = ({ dtype, shape, data }: Tensor) => {
    const size = elementCount(shape.slice(1));
    const all = data as Float32Array;
    const picked = rows.flatMap((row) => [...all.subarray(row * size, (row + 1) * size)]);
    const array = dtype === "int32" ? Int32Array.from(picked) : Float32Array.from(picked);
    return tensor(dtype as "float32", [rows.length, ...shape.slice(1)], array as Float32Array);
  };
  return { x: part(x), y: part(y) };
}

/** A model whose steps subtract the gradient. */
function modelOf({ network, input, loss }: Case, batchSize: number): Model {
  return new Model({
    network,
    input,
    loss,
    optimizer: sgd({ learningRate: 1 }),
    batchSize,
    createEngine: () => LocalEngine.create(1),
  });
}

/** All parameters' numbers, one after the other. */
function flat(model: Model): number[] {
  return [...model.getParameters().values()].flatMap(({ data }) => [...data as Float32Array]);
}

/** The gradient of each example, by a step with that example alone. */
async function exampleGradients(model: Model, data: Dataset): Promise<number[][]> {
  const [start, before] = [model.getParameters(), flat(model)];
  const found: number[][] = [];
  for (let row = 0; row < data.x.shape[0]!; row++) {
    await model.fit(chosen(data, [row]));
    const after = flat(model);
    found.push(before.map((number, i) => number - after[i]!));
    model.setParameters(start);
  }
  return found;
}

/** What one step without noise should subtract. */
function clippedSum(
  gradients: readonly number[][],
  rows: readonly number[],
  clip: number,
): number[] {
  const sum = gradients[0]!.map(() => 0);
  for (const row of rows) {
    const gradient = gradients[row]!;
    const norm = Math.sqrt(gradient.reduce((total, number) => total + number * number, 0));
    const factor = Math.min(1, clip / (norm + 1e-6));
    gradient.forEach((number, i) => sum[i]! += factor * number);
  }
  return sum;
}

/** A norm that about half of the gradients have. */
function middleNorm(gradients: readonly number[][]): number {
  const norms = gradients.map((gradient) => Math.hypot(...gradient)).sort((a, b) => a - b);
  return (norms[norms.length / 2 - 1]! + norms[norms.length / 2]!) / 2;
}

function assertClose(actual: readonly number[], expected: readonly number[], what: string): void {
  const scale = Math.hypot(...expected);
  const error = Math.hypot(...actual.map((number, i) => number - expected[i]!));
  assert.ok(error <= 1e-5 * scale, `${what}: ${error} of ${scale}`);
}

for (const [name, example] of Object.entries(CASES)) {
  Deno.test(`dpSgd: clipped sums of gradients are those of one example at a time: ${name}`, async () => {
    const data = dataOf(example);
    const examples = data.x.shape[0]!;
    await using model = modelOf(example, examples);
    const gradients = await exampleGradients(model, data);
    const clip = middleNorm(gradients);
    const before = flat(model);
    // All examples take part in the only step.
    const all = Array.from({ length: examples }, (_, i) => i);
    const { losses } = await model.fit(data, { privacy: dpSgd({ clip, noiseMultiplier: 0 }) });
    const moved = flat(model).map((number, i) => (before[i]! - number) * examples);
    assertClose(moved, clippedSum(gradients, all, clip), "sum");
    assert.ok(losses[0]! > 0);
  });
}

for (const [name, example] of Object.entries(CASES)) {
  Deno.test(`dpSgd: a step has the examples that Poisson sampling drew, and is divided by the expected number: ${name}`, async () => {
    const data = dataOf(example);
    const count = data.x.shape[0]!;
    const batchSize = count * 2 / 3;
    await using model = modelOf(example, batchSize);
    const start = model.getParameters();
    const gradients = await exampleGradients(model, data);
    const clip = middleNorm(gradients);
    const before = flat(model);
    // Batches of several sizes.
    const sizes = new Set<number>();
    for (let seedForTests = 1; sizes.size < 4; seedForTests++) {
      const entropy = forTestsSeededEntropy(seedForTests);
      const rows = poissonBatch(count, batchSize / count, entropy);
      if (sizes.has(rows.length)) continue;
      sizes.add(rows.length);
      model.setParameters(start);
      const { steps, examples } = await model.fit(data, {
        privacy: dpSgd({ clip, noiseMultiplier: 0, seedForTests }),
        schedule: (step) => step === 1 ? 1 : 0,
      });
      const moved = flat(model).map((number, i) => (before[i]! - number) * batchSize);
      assertClose(moved, clippedSum(gradients, rows, clip), `seed ${seedForTests}, ${rows}`);
      assert.equal(steps, 2);
      assert.ok(examples >= rows.length);
    }
  });
}

Deno.test("dpSgd: a batch without examples is a step without gradients", async () => {
  for (const name of ["MLP", "convolutions below pools, as products with the batch innermost"]) {
    const example = CASES[name]!;
    const data = dataOf(example);
    const count = data.x.shape[0]!;
    await using model = modelOf(example, 1);
    const empty = (seed: number) =>
      poissonBatch(count, 1 / count, forTestsSeededEntropy(seed)).length === 0;
    let seedForTests = 1;
    while (!empty(seedForTests)) seedForTests++;
    const before = flat(model);
    const { losses } = await model.fit(data, {
      privacy: dpSgd({ clip: 1, noiseMultiplier: 0, seedForTests }),
      schedule: (step) => step === 1 ? 1 : 0,
    });
    assert.deepEqual(flat(model), before);
    assert.ok(Number.isFinite(losses[0]));
  }
});

Deno.test("dpSgd: a batch of several passes is one step, with each example counted once", async () => {
  const example = CASES["MLP"]!;
  const data = dataOf(example, 300);
  await using model = modelOf(example, 300);
  const gradients = await exampleGradients(model, data);
  const clip = middleNorm(gradients);
  const before = flat(model);
  const privacy = dpSgd({ clip, noiseMultiplier: 0 });
  const { steps, examples } = await model.fit(data, { privacy });
  assert.deepEqual([steps, examples], [1, 300]);
  const moved = flat(model).map((number, i) => (before[i]! - number) * 300);
  assertClose(moved, clippedSum(gradients, gradients.map((_, i) => i), clip), "sum");
});

/** The noise in the sum of one step, whose gradients are far below it. */
async function noiseOf(options: DpSgdOptions): Promise<number[]> {
  const example = {
    ...CASES["MLP"]!,
    network: sequential(dense({ out: 4000 }), dense({ out: 3 })),
  };
  await using model = modelOf(example, EXAMPLES);
  const before = flat(model);
  await model.fit(dataOf(example), { privacy: dpSgd(options) });
  return flat(model).map((number, i) => (before[i]! - number) * EXAMPLES);
}

Deno.test("dpSgd: the noise of a step is normal, with the multiplier times the clipping norm as deviation", async () => {
  const noise = await noiseOf({ clip: 0.5, noiseMultiplier: 10, seedForTests: 3 });
  const [mean, square, fourth] = [1, 2, 4].map((power) =>
    noise.reduce((sum, number) => sum + (number / 5) ** power, 0) / noise.length
  );
  const error = 5 / Math.sqrt(noise.length);
  assert.ok(Math.abs(mean!) < error, `mean ${mean}`);
  assert.ok(Math.abs(square! - 1) < error * Math.SQRT2, `square ${square}`);
  assert.ok(Math.abs(fourth! - 3) < error * Math.sqrt(96), `fourth power ${fourth}`);
});

Deno.test("dpSgd: noise is new in each fit, unless a test gives a seed", async () => {
  const options = { clip: 1, noiseMultiplier: 1 };
  assert.notDeepEqual(await noiseOf(options), await noiseOf(options));
  const seeded = { ...options, seedForTests: 1 };
  assert.deepEqual(await noiseOf(seeded), await noiseOf(seeded));
  assert.notDeepEqual(await noiseOf(seeded), await noiseOf({ ...options, seedForTests: 2 }));
});

const MLP = CASES["MLP"]!;

Deno.test("dpSgd: a fit reports ε of its steps, as an accountant of its own computes it", async () => {
  await using model = modelOf(MLP, 2);
  const accountant = new RdpAccountant({
    targetDelta: 1e-5,
    populationSize: EXAMPLES,
    samplingMethod: "poisson",
  });
  accountant.compose({ noiseMultiplier: 1.5, sampleSize: 2 }, 3 * 4);
  const privacy = dpSgd({ clip: 1, noiseMultiplier: 1.5 });
  const { privacy: spent, steps } = await model.fit(dataOf(MLP), { epochs: 4, privacy });
  assert.equal(steps, 12);
  assert.deepEqual(spent, {
    epsilon: accountant.epsilon(),
    delta: 1e-5,
    unit: "example",
    steps: 12,
    samplingRate: 1 / 3,
    noiseMultiplier: 1.5,
    clip: 1,
    accountingMethod: "rdp",
  });
  assert.ok(spent!.epsilon > 1 && spent!.epsilon < 20);
});

Deno.test("dpSgd: an accountant adds up fits, also those that are stopped, and refuses one beyond its budget", async () => {
  await using model = modelOf(MLP, 2);
  const config = {
    targetDelta: 1e-5,
    populationSize: EXAMPLES,
    samplingMethod: "poisson",
  } as const;
  const free = new RdpAccountant(config);
  free.compose({ noiseMultiplier: 1.5, sampleSize: 2 }, 10);
  const accountant = new RdpAccountant({ ...config, maxEpsilon: free.epsilon() * 1.0001 });
  const privacy = dpSgd({ clip: 1, noiseMultiplier: 1.5, accountant });
  await model.fit(dataOf(MLP), { epochs: 2, privacy });
  assert.equal(accountant.numReleases, 6);
  const { privacy: spent } = await model.fit(dataOf(MLP), {
    epochs: 9,
    privacy: dpSgd({ clip: 1, noiseMultiplier: 9, accountant: new RdpAccountant(config) }),
    onEpoch: () => "stop",
  });
  assert.equal(spent!.steps, 3);
  const parameters = flat(model);
  await assert.rejects(model.fit(dataOf(MLP), { epochs: 2, privacy }), code("failed-precondition"));
  assert.deepEqual([accountant.numReleases, flat(model)], [6, parameters]);
  await model.fit(dataOf(MLP), { epochs: 1, privacy });
  assert.equal(accountant.numReleases, 9);
});

Deno.test("dpSgd: a fit that is cancelled counts the steps it made", async () => {
  const model = modelOf(MLP, 2);
  const accountant = new RdpAccountant({
    targetDelta: 1e-5,
    populationSize: EXAMPLES,
    samplingMethod: "poisson",
  });
  const controller = new AbortController();
  const fit = model.fit(dataOf(MLP), {
    epochs: 1000,
    privacy: dpSgd({ clip: 1, noiseMultiplier: 1, accountant }),
    signal: controller.signal,
    onEpoch: ({ epoch }) => {
      if (epoch === 2) controller.abort();
    },
  });
  await assert.rejects(fit, code("cancelled"));
  // The fit ends in the background.
  await model[Symbol.asyncDispose]();
  assert.ok(accountant.numReleases >= 6, `${accountant.numReleases}`);
});

Deno.test("dpSgd: the population of the accountant is the number of examples", async () => {
  await using model = modelOf(MLP, 2);
  const accountant = new RdpAccountant({
    targetDelta: 1e-5,
    populationSize: EXAMPLES + 1,
    samplingMethod: "poisson",
  });
  const privacy = dpSgd({ clip: 1, noiseMultiplier: 1, accountant });
  await assert.rejects(model.fit(dataOf(MLP), { privacy }), code("invalid-argument", /6.*7/));
});

Deno.test("dpSgd: without noise, ε is infinite", async () => {
  await using model = modelOf(MLP, 2);
  const { privacy } = await model.fit(dataOf(MLP), {
    privacy: dpSgd({ clip: 1, noiseMultiplier: 0 }),
  });
  assert.deepEqual([privacy!.epsilon, privacy!.accountingMethod], [Infinity, "none"]);
});

const MIXING: Readonly<Record<string, { readonly layer: Layer; readonly named: RegExp }>> = {
  "batch norm": { layer: batchNorm(), named: /running_mean/ },
  "a mean over the batch": {
    layer: layer("centred", (x) => ops.sub(x, ops.reduceMean(x, { axes: [0], keep: true }))),
    named: /reduceSum/,
  },
};
for (const [name, { layer, named }] of Object.entries(MIXING)) {
  for (const batchSize of [1, 4]) {
    Deno.test(`dpSgd: ${name} is refused with a batch size of ${batchSize}`, async () => {
      const network = sequential(dense({ out: 4 }), layer, dense({ out: 3 }));
      await using model = modelOf({ ...MLP, network }, batchSize);
      const before = model.getParameters();
      const privacy = dpSgd({ clip: 1, noiseMultiplier: 1 });
      await assert.rejects(model.fit(dataOf(MLP), { privacy }), (error) => {
        assert.ok(code("invalid-argument", named)(error));
        assert.match((error as FlwrError).hints.join(), /groupNorm/);
        return true;
      });
      assert.equal(model.getParameters(), before);
    });
  }
}

Deno.test("dpSgd: dropout, augmentation, weights, schedules and every optimiser train", async () => {
  const network = sequential(
    conv2d({ out: 4, kernel: 3 }),
    dropout(0.3),
    relu(),
    flatten(),
    dense({ out: 2 }),
  );
  for (const optimizer of [sgd({ learningRate: 0.1, momentum: 0.9 }), adam(), rmsprop()]) {
    await using model = new Model({
      network,
      input: { shape: [1, 6, 6], dtype: "float32", augment: { crop: 1, horizontalFlip: true } },
      loss: crossEntropy(),
      optimizer,
      batchSize: 8,
      createEngine: () => LocalEngine.create(1),
    });
    const count = 40;
    const y = Int32Array.from({ length: count }, (_, i) => i % 2);
    const x = Float32Array.from({ length: count * 36 }, (_, i) => y[Math.floor(i / 36)]! * 2 - 1);
    const { losses } = await model.fit({
      x: tensor("float32", [count, 1, 6, 6], x),
      y: tensor("int32", [count], y),
      weights: tensor("float32", [count], new Float32Array(count).fill(2)),
    }, {
      epochs: 30,
      schedule: linearDecay(),
      proximal: 0.001,
      correction: new Map([["4.bias", tensor("float32", [2], Float32Array.of(0.01, -0.01))]]),
      privacy: dpSgd({ clip: 1, noiseMultiplier: 0.3, seedForTests: 1 }),
    });
    assert.ok(
      losses.at(-1)! < losses[0]! / 2,
      `${optimizer.kind}: ${losses[0]} to ${losses.at(-1)}`,
    );
  }
});

Deno.test("dpSgd: options out of range, unknown ones, and those that do not go together are refused", async () => {
  const valid = { clip: 1, noiseMultiplier: 1 };
  const config = { targetDelta: 1e-5, populationSize: 6 };
  const wrong: readonly (readonly [string, object])[] = [
    ...[0, -1, NaN, Infinity, "1", undefined].map((clip) => ["clip", { ...valid, clip }] as const),
    ...[-1, NaN, Infinity, undefined]
      .map((noiseMultiplier) => ["noiseMultiplier", { ...valid, noiseMultiplier }] as const),
    ...[0, 1, -1, NaN].map((delta) => ["delta", { ...valid, delta }] as const),
    ["seedForTests", { ...valid, seedForTests: 0.5 }],
    ["seed", { ...valid, seed: 1 }],
    ["max_grad_norm", { ...valid, max_grad_norm: 1 }],
    ["samplingMethod", { ...valid, accountant: new RdpAccountant(config) }],
    ["accountant", { ...valid, accountant: config }],
    ["noiseMultiplier", {
      clip: 1,
      noiseMultiplier: 0,
      accountant: new RdpAccountant({ ...config, samplingMethod: "poisson" }),
    }],
  ];
  for (const [name, options] of wrong) {
    assert.throws(() => dpSgd(options as DpSgdOptions), code("invalid-argument", new RegExp(name)));
  }
  await using model = modelOf(MLP, 2);
  const privacy = dpSgd(valid);
  for (const options of [{ seed: 1 }, { shuffle: false }, { shuffle: true }]) {
    await assert.rejects(
      model.fit(dataOf(MLP), { privacy, ...options }),
      code("invalid-argument", new RegExp(Object.keys(options)[0]!)),
    );
  }
  const bare = { ...valid, kind: "other" } as unknown as DpSgd;
  await assert.rejects(model.fit(dataOf(MLP), { privacy: bare }), code("invalid-argument"));
  const asStep: object = { privacy };
  await assert.rejects(model.trainStep(dataOf(MLP), asStep), code("invalid-argument", /trainStep/));
});
