import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import {
  adam,
  adamW,
  batchNorm,
  conv2d,
  cosineDecay,
  crossEntropy,
  dense,
  dropout,
  type FitOptions,
  flatten,
  huber,
  linearDecay,
  Model,
  parallel,
  relu,
  residual,
  rmsprop,
  type Schedule,
  sequential,
  sgd,
  stepDecay,
  warmUp,
  weighted,
} from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { tensor } from "../../../tensor/tensor.ts";

function isError(pattern: RegExp) {
  return (error: unknown) =>
    error instanceof FlwrError && error.code === "invalid-argument" && pattern.test(error.message);
}

const WRONG: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["learning rate 0", () => sgd({ learningRate: 0 }), /learning rate .* greater than 0: got 0$/],
  ["rate NaN", () => adam({ learningRate: NaN }), /learning rate .* got NaN$/],
  ["momentum 1", () => sgd({ learningRate: 1, momentum: 1 }), /momentum .* below 1: got 1$/],
  ["decay −1", () => adamW({ weightDecay: -1 }), /weight decay must be at least 0: got -1$/],
  ["beta 1", () => adam({ betas: [0.9, 1] }), /second beta .* below 1: got 1$/],
  ["alpha −0.1", () => rmsprop({ alpha: -0.1 }), /alpha must be at least 0 .*: got -0.1$/],
  ["dropout 1", () => dropout(1), /probability of dropout .* below 1: got 1$/],
  ["delta 0", () => huber(0), /delta of the Huber loss .* greater than 0: got 0$/],
  ["smoothing 1", () => crossEntropy({ labelSmoothing: 1 }), /label smoothing .* got 1$/],
  ["weight −1", () => weighted(huber(), -1), /weight of a loss must be at least 0: got -1$/],
  ["every 0", () => stepDecay(0, 0.1), /number of steps must be at least 1: got 0$/],
  ["end −1", () => cosineDecay({ end: -1 }), /last factor must be at least 0: got -1$/],
  ["warm-up −1", () => warmUp(-1), /number of warm-up steps must be at least 0: got -1$/],
];
for (const [what, make, sentence] of WRONG) {
  Deno.test(`${what} is refused`, () => assert.throws(make, isError(sentence)));
}

const factors = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, i) => Number(schedule(i + 1, steps).toFixed(4)));

Deno.test("schedules start at the full rate and end where they shall", () => {
  assert.deepEqual(factors(stepDecay(2, 0.5), 5), [1, 1, 0.5, 0.5, 0.25]);
  assert.deepEqual(factors(linearDecay({ end: 0.5 }), 4), [1, 0.875, 0.75, 0.625]);
  assert.deepEqual(factors(linearDecay({ over: 2 }), 4), [1, 0.5, 0, 0]);
  assert.deepEqual(factors(cosineDecay({ end: 0.2 }), 4), [1, 0.8828, 0.6, 0.3172]);
  assert.deepEqual(factors(warmUp(2), 4), [0.5, 1, 1, 1]);
  assert.deepEqual(factors(warmUp(2, linearDecay()), 6), [0.5, 1, 1, 0.75, 0.5, 0.25]);
  assert.deepEqual(factors(warmUp(0, stepDecay(1, 0.1)), 3), [1, 0.1, 0.01]);
});

const data = {
  x: tensor("float32", [21, 4], Float32Array.from({ length: 84 }, (_, i) => Math.sin(i))),
  y: tensor("int32", [21], Int32Array.from({ length: 21 }, (_, i) => i % 3)),
};

function modelOf(network = sequential(dense({ out: 5 }), relu(), dense({ out: 3 }))): Model {
  return new Model({
    network,
    input: { shape: [4], dtype: "float32" },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.1, momentum: 0.5 }),
    batchSize: 20,
    createEngine: () => LocalEngine.create(1),
  });
}

Deno.test("a schedule that gives no rate, and a pull that pushes, are refused", async () => {
  await using model = modelOf();
  const refused = (options: FitOptions, sentence: RegExp) =>
    assert.rejects(model.fit(data, options), isError(sentence));
  await refused({ schedule: () => NaN }, /schedule .* got NaN in step 1$/);
  await refused({ schedule: (step) => 2 - step, epochs: 2 }, /schedule .* got -1 in step 3$/);
  await refused({ proximal: -1 }, /strength of the proximal term .* at least 0: got -1$/);
  await refused({ proximal: { strength: 1, to: new Map() } }, /has 4 parameters: got 0$/);
});

Deno.test("a strong pull keeps the parameters where they were, or draws them to given ones", async () => {
  const distance = async (proximal: FitOptions["proximal"]) => {
    await using model = modelOf();
    const start = model.getParameters();
    await model.fit(data, { epochs: 20, seed: 0, proximal });
    return [...model.getParameters()].reduce((sum, [name, { data }]) => {
      const from = start.get(name)!.data;
      return sum + (data as Float32Array).reduce((s, v, i) => s + (v - Number(from[i])) ** 2, 0);
    }, 0);
  };
  const [free, held] = [await distance(0), await distance(5)];
  assert.ok(held < free / 10, `moved by ${free} alone and ${held} when held`);
  const zero = new Map(
    [...modelOf().getParameters()].map(([name, { shape, data }]) =>
      [name, tensor("float32", shape, new Float32Array(data.length))] as const
    ),
  );
  await using model = modelOf();
  await model.fit(data, { epochs: 40, seed: 0, proximal: { strength: 5, to: zero } });
  for (const { data } of model.getParameters().values()) {
    for (const value of data as Float32Array) assert.ok(Math.abs(value) < 0.1, `${value}`);
  }
});

Deno.test("a batch of one example trains batch norm without a variance", async () => {
  await using model = modelOf(sequential(dense({ out: 5 }), batchNorm(), dense({ out: 3 })));
  const { losses, steps } = await model.fit(data, { epochs: 2, seed: 0 });
  assert.equal(steps, 4, "20 examples and 1 in each epoch");
  assert.ok(losses.every(Number.isFinite));
  for (const { data } of model.getParameters().values()) {
    for (const value of data) assert.ok(Number.isFinite(Number(value)));
  }
});

Deno.test("parts of composed layers are named by what they are, or by position", () => {
  const part = (name?: string) => conv2d({ name, out: 2, kernel: 1, bias: false });
  const model = new Model({
    network: sequential(
      residual(part(), { shortcut: part(), name: "block" }),
      residual(part("conv")),
      parallel([part(), relu(), part("last")]),
      flatten(),
    ),
    input: { shape: [2, 3, 3] },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.1 }),
  });
  assert.deepEqual([...model.getParameters().keys()], [
    "block.shortcut.weight",
    "block.inner.weight",
    "1.conv.weight",
    "2.0.weight",
    "2.last.weight",
  ]);
});
