import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import {
  batchNorm,
  conv2d,
  crossEntropy,
  dense,
  flatten,
  type Layer,
  layer,
  maxPool2d,
  Model,
  relu,
  sequential,
  sgd,
  transformerEncoder,
} from "../mod.ts";
import { LocalEngine } from "../session/local_engine.ts";
import type { ModelOptions } from "./model_options.ts";
import { add, div, fill } from "../graph/elementwise.ts";
import { broadcastTo, concat, pad, slice } from "../graph/movement.ts";
import { constant } from "../graph/value.ts";
import { onnxNetwork } from "../import/network.ts";
import { reduceMean } from "../graph/reduce.ts";

const IMAGES = tensor(
  "uint8",
  [5, 3, 8, 8],
  Uint8Array.from({ length: 960 }, (_, i) => i * 7 % 256),
);

function modelOf(
  network: Layer,
  shape: readonly number[],
  options: Partial<ModelOptions> = {},
): Model {
  return new Model({
    network,
    input: { shape, normalize: { mean: 0.5, deviation: 0.25 } },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.1 }),
    createEngine: () => LocalEngine.create(1),
    ...options,
  });
}

for (
  const [name, network, shape] of [
    [
      "a convolutional network",
      sequential(
        conv2d({ name: "conv", out: 4, kernel: 3 }),
        batchNorm(),
        relu(),
        maxPool2d(2),
        flatten(),
        dense({ name: "head", out: 2 }),
      ),
      [3, 8, 8],
    ],
    [
      "a transformer",
      sequential(transformerEncoder({ heads: 2, feedForward: 8 }), flatten(), dense({ out: 2 })),
      [24, 8],
    ],
  ] as const
) {
  Deno.test(`${name} is exported for any number of examples`, async () => {
    await using model = modelOf(network, shape);
    const x = tensor("uint8", [5, ...shape], IMAGES.data);
    await model.fit({ x, y: tensor("uint8", [5], Uint8Array.of(0, 1, 0, 1, 1)) }, { epochs: 2 });
    const expected = await model.predict(x);

    await using engine = await LocalEngine.create(1);
    await engine.load("exported", model.export());
    const { returned: [output] } = await engine.run({
      model: "exported",
      stored: [],
      given: [["input", x]],
      kept: [],
      returned: ["output"],
    });
    assert.deepEqual(output!.shape, [5, 2]);
    expected.data.forEach((value, i) =>
      assert.ok(Math.abs(value - Number(output!.data[i])) < 1e-5)
    );
  });
}

Deno.test("a network whose result depends on the number of examples is not exported", () => {
  const divided = layer("divided", (x) => div(x, x.shape[0]!));
  const model = modelOf(sequential(flatten(), divided), [3, 8, 8]);
  assert.throws(() => model.export(), /does not work with any number of examples/);
});

Deno.test("constants with one place per example are exported for any number of examples", async () => {
  // Like the first state of a recurrent network.
  const zeros = layer("zeros", (x) => concat([x, fill(0, "float32", [x.shape[0]!, 2])], 1));
  const ramp = layer(
    "ramp",
    (x) => add(x, broadcastTo(constant(tensor("float32", [1, 2], Float32Array.of(1, 2))), x.shape)),
  );
  await using model = modelOf(sequential(flatten(), zeros, dense({ out: 2 }), ramp), [3, 8, 8]);
  const expected = await model.predict(IMAGES);
  await using again = modelOf(onnxNetwork(model.export({ normalization: "outside" })), [3, 8, 8]);
  const got = await again.predict(IMAGES);
  assert.deepEqual(got.shape, [5, 2]);
  expected.data.forEach((value, i) => assert.ok(Math.abs(value - got.data[i]!) < 1e-5));
  await using engine = await LocalEngine.create(1);
  await engine.load("exported", model.export());
  const { returned: [output] } = await engine.run({
    model: "exported",
    stored: [],
    given: [["input", IMAGES]],
    kept: [],
    returned: ["output"],
  });
  expected.data.forEach((value, i) => assert.ok(Math.abs(value - Number(output!.data[i])) < 1e-5));
  // Constants that differ from example to example have no free length.
  const numbered = layer(
    "numbered",
    (x) =>
      concat([
        x,
        constant(
          tensor(
            "float32",
            [x.shape[0]!, 1],
            Float32Array.from({ length: x.shape[0]! }, (_, i) => i),
          ),
        ),
      ], 1),
  );
  const other = modelOf(sequential(flatten(), numbered, dense({ out: 2 })), [3, 8, 8]);
  assert.throws(() => other.export(), { code: "unimplemented" });
});

Deno.test("a network that selects examples by the batch size is refused, and one that uses all is not", () => {
  const last = layer("last", (x) => {
    const [examples, width] = x.shape as [number, number];
    return add(x, broadcastTo(slice(x, [examples - 1, 0], [examples, width]), x.shape));
  });
  const butLast = layer("butLast", (x) => {
    const [examples, width] = x.shape as [number, number];
    return pad(slice(x, [0, 0], [examples - 1, width]), [0, 0], [1, 0]);
  });
  const all = layer("all", (x) => slice(x, [0, 1], [x.shape[0]!, 3]));
  const exported = (last: Layer) => modelOf(sequential(flatten(), last), [3, 8, 8]).export();
  assert.throws(() => exported(last), { code: "unimplemented" });
  assert.throws(() => exported(butLast), { code: "unimplemented" });
  exported(all);
});

Deno.test("a model that must be exportable is refused before it is trained", () => {
  const divided = layer("divided", (x) => div(x, x.shape[0]!));
  const overBatch = layer("overBatch", (x) => reduceMean(x, { axes: [0], keep: true }));
  for (
    const [last, code] of [[divided, "unimplemented"], [overBatch, "invalid-argument"]] as const
  ) {
    const network = sequential(flatten(), last);
    assert.throws(() => modelOf(network, [3, 8, 8], { exportable: true }), { code });
  }
  modelOf(sequential(flatten(), dense({ out: 2 })), [3, 8, 8], { exportable: true });
});

Deno.test("a network whose result does not have one row per example is refused", () => {
  const overBatch = layer("overBatch", (x) => reduceMean(x, { axes: [0], keep: true }));
  const model = modelOf(sequential(flatten(), overBatch), [3, 8, 8]);
  assert.throws(() => model.export(), /must have a row for each example: got \[1, 192\] for 2/);
});
