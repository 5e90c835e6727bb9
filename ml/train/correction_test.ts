import assert from "node:assert/strict";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { dense } from "../nn/dense.ts";
import { meanSquaredError } from "../nn/loss.ts";
import { sgd } from "../nn/sgd.ts";
import { sequential } from "../nn/sequential.ts";
import { Model } from "./model.ts";
import type { ModelOptions } from "./model_options.ts";

const one = (value: number) => tensor("float32", [1, 1], Float32Array.of(value));
const START = new Map([["line.weight", one(1)], [
  "line.bias",
  tensor("float32", [1], Float32Array.of(0)),
]]);
/** One example: x = 1, y = 0, so that the loss is (w + b)², and both gradients are 2(w + b). */
const DATA = { x: one(1), y: one(0) };

function line(options: Partial<ModelOptions> = {}): Model {
  const model = new Model({
    network: sequential(dense({ name: "line", in: 1, out: 1 })),
    input: { shape: [1], dtype: "float32" },
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 0.25 }),
    createEngine: () => LocalEngine.create(1),
    ...options,
  });
  model.setParameters(START);
  return model;
}
const valuesOf = (model: Model) => [...model.getParameters().values()].map(({ data }) => data[0]);
const correction: ReadonlyMap<string, Tensor> = new Map([["line.weight", one(2)]]);

Deno.test("a correction is added to the gradient in every step; parameters without one get none", async () => {
  await using model = line();
  // Step 1: w + b = 1: w ← 1 − (2 + 2)/4 = 0, b ← 0 − 2/4 = −0.5. Step 2: w + b = −0.5: w ← 0 − (−1 + 2)/4 = −0.25,
  // b ← −0.5 − (−1)/4 = −0.25. The loss does not contain the linear term: 1, then 0.25.
  const { losses } = await model.fit(DATA, { epochs: 2, correction });
  assert.deepEqual(valuesOf(model), [-0.25, -0.25]);
  assert.deepEqual(losses, [1, 0.25]);
  // The next fit has none: w + b = −0.5 gives both a gradient of −1.
  await model.fit(DATA, { epochs: 1 });
  assert.deepEqual(valuesOf(model), [0, 0]);
});

Deno.test("a correction goes with the proximal term, and comes before clipping", async () => {
  await using model = line();
  // FedDyn's step: 2(w + b) + c + α(w − w₀) with α = 2. Step 1 as above: w = 0, b = −0.5. Step 2: w's gradient is
  // −1 + 2 + 2·(0 − 1) = −1, b's −1 + 2·(−0.5 − 0) = −2: w = 0.25, b = 0.
  await model.fit(DATA, { epochs: 2, correction, proximal: 2 });
  assert.deepEqual(valuesOf(model), [0.25, 0]);
  await using clipped = line({ clipping: { value: 3 } });
  // w's gradient of 4 is clipped to 3, b's of 2 is not.
  await clipped.fit(DATA, { correction });
  assert.deepEqual(valuesOf(clipped), [0.25, -0.5]);
});

Deno.test("a correction may be float64, and must fit the network and be finite", async () => {
  await using model = line();
  const wide = tensor("float64", [1, 1], Float64Array.of(2));
  await model.fit(DATA, { correction: new Map([["line.weight", wide]]) });
  assert.deepEqual(valuesOf(model), [0, -0.5]);
  const refused = async (name: string, value: Tensor, says: RegExp) =>
    await assert.rejects(model.fit(DATA, { correction: new Map([[name, value]]) }), {
      code: "invalid-argument",
      message: says,
    });
  await refused("other", one(1), /"correction" has an unknown parameter "other"/);
  await refused("line.bias", one(1), /"line.bias" must be float32 \[1\]/);
  await refused("line.weight", one(NaN), /"correction" of "line.weight" is not finite/);
});
