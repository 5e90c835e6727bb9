import assert from "node:assert/strict";
import {
  batchNorm,
  crossEntropy,
  dense,
  dropout,
  flatten,
  type Layer,
  layer,
  Model,
  type ModelOptions,
  ops,
  relu,
  sequential,
  sgd,
} from "../../../ml/mod.ts";
import { interpret } from "../../../ml/testing/interpreter.ts";
import { ndArray } from "../../../ml/testing/nd_array.ts";
import { trace } from "../../../ml/nn/trace.ts";
import { input } from "../../../ml/graph/value.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { tensor } from "../../../tensor/tensor.ts";

const EXAMPLES = 60;
const data = {
  x: tensor(
    "float32",
    [EXAMPLES, 4],
    Float32Array.from({ length: 4 * EXAMPLES }, (_, i) => 3 + 2 * Math.sin(i * 12.9898)),
  ),
  y: tensor("int32", [EXAMPLES], Int32Array.from({ length: EXAMPLES }, (_, i) => i % 3)),
};

function modelOf(network: Layer, options: Partial<ModelOptions> = {}): Model {
  return new Model({
    network,
    input: { shape: [4], dtype: "float32" },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.1 }),
    batchSize: 20,
    createEngine: () => LocalEngine.create(1),
    ...options,
  });
}

const normalized = () =>
  modelOf(sequential(dense({ out: 5 }), batchNorm({ name: "norm" }), relu(), dense({ out: 3 })));

Deno.test("batch norm's states are learned, not trained, and go from model to model", async () => {
  await using model = normalized();
  assert.deepEqual([...model.getParameters().keys()].slice(2, 7), [
    "norm.weight",
    "norm.bias",
    "norm.running_mean",
    "norm.running_var",
    "norm.num_batches_tracked",
  ]);
  await model.fit(data, { epochs: 2, seed: 0 });
  const learned = model.getParameters();
  const batches = learned.get("norm.num_batches_tracked")!;
  assert.deepEqual([batches.dtype, batches.shape], ["int64", []]);
  assert.equal(batches.data[0], 6n);
  assert.notDeepEqual([...learned.get("norm.running_mean")!.data], [0, 0, 0, 0, 0]);

  const expected = await model.evaluate(data);
  await using other = normalized();
  other.setParameters(learned);
  assert.deepEqual(await other.evaluate(data), expected);
  assert.deepEqual(other.getParameters(), learned, "evaluation moves no state");
  await other.fit(data, { seed: 0 });
  assert.equal(other.getParameters().get("norm.num_batches_tracked")!.data[0], 9n);
});

Deno.test("a counter that was averaged to a float comes back as a whole number", () => {
  const model = normalized();
  const averaged = new Map(model.getParameters());
  averaged.set("norm.num_batches_tracked", tensor("float64", [], Float64Array.of(7.5)));
  model.setParameters(averaged);
  assert.deepEqual(
    model.getParameters().get("norm.num_batches_tracked"),
    tensor("int64", [], BigInt64Array.of(7n)),
  );
});

Deno.test("dropout takes away the right share, scales the rest, and differs from place to place", () => {
  const x = input("x", "float32", [50, 40]);
  const key = input("key", "uint32", []);
  const network = layer("both", (value, scope) =>
    ops.concat([
      scope.apply(dropout(0.3), value),
      scope.apply(dropout(0.3), value),
    ]));
  const draw = (seed: number) => {
    const numbers = new Map([["x", ndArray([50, 40], () => 1)], ["key", ndArray([], () => seed)]]);
    return interpret([trace(network, x, key).output], numbers)[0]!.data;
  };
  const [first, again, other] = [draw(12345), draw(12345), draw(12346)];
  assert.deepEqual(first, again, "one key, one pattern");
  const kept = first.filter((value) => value > 0);
  assert.ok(kept.every((value) => Math.abs(value - 1 / 0.7) < 1e-6), "the rest is scaled");
  // Of 4000 numbers 2800 are kept, give or take four deviations of √(4000 · 0.3 · 0.7) = 29.
  assert.ok(Math.abs(kept.length - 2800) < 116, `kept ${kept.length}`);
  const agreeing = (a: Float64Array, b: Float64Array) =>
    a.reduce((count, value, i) => count + Number(value === b[i]), 0);
  // Unrelated patterns agree at 0.7² + 0.3² = 58 % of the places.
  const halves = agreeing(first.slice(0, 2000), first.slice(2000));
  assert.ok(Math.abs(halves - 1160) < 90, `two layers agree at ${halves} of 2000`);
  const steps = agreeing(first, other);
  assert.ok(Math.abs(steps - 2320) < 125, `two steps agree at ${steps} of 4000`);
});

Deno.test("dropout follows the fit's seed and is off in evaluation", async () => {
  const make = () => modelOf(sequential(dense({ out: 30 }), dropout(0.5), dense({ out: 3 })));
  const train = async (seed: number) => {
    await using model = make();
    await model.fit(data, { seed, shuffle: false });
    return [...model.getParameters().get("0.bias")!.data as Float32Array];
  };
  assert.deepEqual(await train(1), await train(1));
  assert.notDeepEqual(await train(1), await train(2));
  await using model = make();
  assert.deepEqual(await model.evaluate(data), await model.evaluate(data));
  const x = input("x", "float32", [2, 4]);
  assert.equal(trace(dropout(0.5), x).output, x);
});

Deno.test("a layer applied twice shares its parameters, and both uses train it", async () => {
  const shared = dense({ name: "shared", out: 4 });
  const network = layer("twice", (x, scope) => {
    const once = ops.tanh(scope.apply(shared, x));
    return scope.apply(dense({ name: "head", out: 3 }), ops.tanh(scope.apply(shared, once)));
  });
  await using model = modelOf(network);
  assert.deepEqual([...model.getParameters().keys()], [
    "shared.weight",
    "shared.bias",
    "head.weight",
    "head.bias",
  ]);
  const { losses } = await model.fit(data, { epochs: 3, seed: 0 });
  assert.ok(losses.every(Number.isFinite));
});

Deno.test("what cannot be shared is refused by name", () => {
  const norm = batchNorm({ name: "norm" });
  const twice = (part: Layer) =>
    layer("twice", (x, scope) => scope.apply(part, ops.relu(scope.apply(part, x))));
  assert.throws(() => modelOf(twice(norm)), /Layer "norm" \(batchNorm\): .*is applied twice/);
  assert.throws(
    () => modelOf(twice(dense({ name: "fc", out: 3 }))),
    /Layer "fc" \(dense\): The shared parameter "fc.weight" \[3, 4\] .* \[3, 3\]/,
  );
  const [one, other] = [dense({ name: "fc", out: 4 }), dense({ name: "fc", out: 4 })];
  assert.throws(() => modelOf(sequential(one, flatten(), other)), /Two .* the name "fc.weight"/);
});
