import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { seededRandom } from "../../../base/random.ts";
import {
  adam,
  crossEntropy,
  dense,
  embedding,
  flatten,
  meanSquaredError,
  Model,
  type ModelOptions,
  type NamedDataset,
  network,
  ops,
  sequential,
  sequentialWith,
  weighted,
} from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { tensor } from "../../../tensor/tensor.ts";

const TOKENS = 5;
const EXAMPLES = 330;

/** A point and two tokens: how far the point is beyond the mean of the tokens, and whether that is far. */
function examples(count = EXAMPLES, seed = 1) {
  const random = seededRandom(seed);
  const point = Float32Array.from({ length: 2 * count }, () => 4 * random.uniform());
  const pair = Int32Array.from({ length: 2 * count }, () => Math.floor(TOKENS * random.uniform()));
  const distance = Float32Array.from(
    { length: count },
    (_, i) => point[2 * i]! + point[2 * i + 1]! - (pair[2 * i]! + pair[2 * i + 1]!) / 2,
  );
  const side = Uint8Array.from(distance, (value) => Number(value > 2));
  return {
    x: {
      point: tensor("float32", [count, 2], point),
      pair: tensor("int32", [count, 2], pair),
    },
    y: { side: tensor("uint8", [count], side), distance: tensor("float32", [count], distance) },
  };
}

function modelOf(options: Partial<ModelOptions> = {}): Model {
  const both = network(({ point, pair }, scope) => {
    const read = sequentialWith(
      { name: "read" },
      embedding({ tokens: TOKENS, width: 4 }),
      flatten(),
    );
    const joined = ops.concat([point!, scope.apply(read, pair!)], 1);
    const hidden = ops.tanh(scope.apply(dense({ name: "hidden", out: 24 }), joined));
    return {
      side: scope.apply(dense({ name: "side", out: 2 }), hidden),
      distance: scope.apply(dense({ name: "distance", out: 1 }), hidden),
    };
  });
  return new Model({
    network: both,
    input: { point: { shape: [2], dtype: "float32" }, pair: { shape: [2], dtype: "int32" } },
    loss: { side: crossEntropy(), distance: weighted(meanSquaredError(), 0.5) },
    optimizer: adam({ learningRate: 0.01 }),
    createEngine: () => LocalEngine.create(1),
    ...options,
  });
}

function isError(pattern: RegExp) {
  return (error: unknown) =>
    error instanceof FlwrError && error.code === "invalid-argument" && pattern.test(error.message);
}

Deno.test("a network of two inputs and two outputs learns both", async () => {
  await using model = modelOf();
  assert.deepEqual([...model.getParameters().keys()], [
    "read.0.weight",
    "hidden.weight",
    "hidden.bias",
    "side.weight",
    "side.bias",
    "distance.weight",
    "distance.bias",
  ]);
  const data = examples();
  await model.fit(data, { epochs: 40, seed: 0 });
  const unseen = examples(200, 2);
  const { accuracy, loss } = await model.evaluate(unseen);
  assert.ok(accuracy > 0.9, `accuracy ${accuracy}, loss ${loss}`);

  const outputs = await model.predictAll(unseen.x);
  assert.deepEqual([...outputs].map(([name, { shape }]) => [name, shape]), [
    ["side", [200, 2]],
    ["distance", [200, 1]],
  ]);
  const rows = Array.from({ length: 200 }, (_, i) => i);
  const mean = (f: (row: number) => number) => rows.reduce((sum, row) => sum + f(row), 0) / 200;
  const distances = outputs.get("distance")!.data;
  const squared = mean((i) => (distances[i]! - unseen.y.distance.data[i]!) ** 2);
  assert.ok(squared < 0.2, `mean squared error ${squared}`);
  const logits = outputs.get("side")!.data;
  const crossed = mean((i) => {
    const [no, yes] = [logits[2 * i]!, logits[2 * i + 1]!];
    return Math.log(Math.exp(no) + Math.exp(yes)) - (unseen.y.side.data[i] === 1 ? yes : no);
  });
  assert.ok(Math.abs(loss - (crossed + squared / 2)) < 1e-4, "losses are added by their weights");
});

Deno.test("parts that are missing, unknown or do not pair up are refused by name", async () => {
  await using model = modelOf();
  const { x, y } = examples(6);
  const refused = (data: NamedDataset, pattern: RegExp) =>
    assert.rejects(model.fit(data), isError(pattern));
  await refused({ x: { point: x.point }, y }, /these inputs: point, pair: got point$/);
  await refused({ x: x.point, y }, /these inputs: point, pair: got one without a name$/);
  await refused({ x, y: x.point }, /these targets: side, distance: got one without a name$/);
  await refused(
    { x: { ...x, pair: tensor("int32", [5, 2], new Int32Array(10)) }, y },
    /number of examples: got \[6, 2\] and \[5, 2\]$/,
  );
  await refused(
    { x: { ...x, pair: tensor("int32", [6, 3], new Int32Array(18)) }, y },
    /inputs "pair" int32 \[examples, 2\]: got int32 \[6, 3\]$/,
  );
  await assert.rejects(
    model.predict(x),
    isError(/outputs side, distance: got a call of "predict"/),
  );
});

Deno.test("losses must be those of the outputs, and a layer has one input", () => {
  assert.throws(
    () => modelOf({ loss: { side: crossEntropy() } }),
    isError(/same names: got side and side, distance$/),
  );
  assert.throws(
    () => modelOf({ loss: crossEntropy() }),
    isError(/same names: got one without a name and side, distance$/),
  );
  assert.throws(
    () => modelOf({ network: sequential(dense({ out: 2 })) }),
    isError(/A layer has one input without a name: got point, pair$/),
  );
});
