import assert from "node:assert/strict";
import {
  classWeights,
  crossEntropy,
  type Dataset,
  dense,
  exampleWeights,
  Model,
  sgd,
  tensor,
} from "flwr";
import torch from "../vectors/ml/class_weights/class_weights.json" with { type: "json" };

Deno.test("class weights: loss and training step are those of PyTorch's weighted cross-entropy", async () => {
  const { labels, learning_rate: learningRate } = torch;
  const examples = labels.length;
  const data: Dataset = {
    x: tensor("float32", [examples, 4], Float32Array.from(torch.x)),
    y: tensor("int64", [examples], BigInt64Array.from(labels, BigInt)),
    weights: exampleWeights(labels, classWeights(labels)),
  };
  await using model = new Model({
    network: dense({ in: 4, out: 3 }),
    input: { shape: [4], dtype: "float32" },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate }),
    batchSize: examples, // PyTorch divides by the sum of a batch's weights: here the number of examples.
  });
  const names = [...model.getParameters().keys()];
  model.setParameters([
    tensor("float32", [3, 4], Float32Array.from(torch.weight)),
    tensor("float32", [3], Float32Array.from(torch.bias)),
  ]);
  const close = (actual: ArrayLike<number | bigint>, expected: readonly number[]) =>
    expected.forEach((value, i) => assert(Math.abs(Number(actual[i]) - value) < 2e-6, `${i}`));
  close([(await model.evaluate(data)).loss], [torch.loss]);
  await model.fit(data);
  close(model.getParameters().get(names[0]!)!.data, torch.weight_after);
  close(model.getParameters().get(names[1]!)!.data, torch.bias_after);
});
