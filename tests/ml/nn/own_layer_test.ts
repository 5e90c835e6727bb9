import assert from "node:assert/strict";
// As an app imports it.
import { conv2d, dense, layer, meanSquaredError, Model, network, ops, sgd } from "flwr";

const training = { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }) };

Deno.test("a layer of one's own is written with what apps import", () => {
  const block = layer("block", (x, scope) => {
    const inner = scope.apply(conv2d({ name: "conv1", out: 3, kernel: 3, padding: 1 }), x);
    const outer = conv2d({ name: "conv2", out: 3, kernel: 3, padding: 1 });
    return ops.add(x, scope.apply(outer, ops.relu(inner)));
  });
  const model = new Model({ network: block, input: { shape: [3, 8, 8] }, ...training });
  assert.deepEqual([...model.getParameters().keys()], [
    "conv1.weight",
    "conv1.bias",
    "conv2.weight",
    "conv2.bias",
  ]);
});

Deno.test("so is a network of several inputs", () => {
  const joined = network(({ left, right }, scope) =>
    scope.apply(dense({ name: "head", out: 2 }), ops.concat([left!, right!], 1))
  );
  const input = { left: { shape: [3] }, right: { shape: [2] } };
  const model = new Model({ network: joined, input, ...training });
  assert.deepEqual(model.getParameters().get("head.weight")?.shape, [2, 5]);
});
