// A ClientApp in JavaScript, as it may lie beside the executable: it learns whether a number is above 0.5.
import {
  ArrayRecord,
  ClientApp,
  crossEntropy,
  dense,
  MetricRecord,
  Model,
  sgd,
  tensor,
} from "flwr";

const EXAMPLES = 64;

const model = new Model({
  network: dense({ name: "fc", in: 1, out: 2 }),
  input: { shape: [1], dtype: "float32" },
  loss: crossEntropy(),
  optimizer: sgd({ learningRate: 1, momentum: 0.5 }),
  batchSize: 8,
  seed: 1,
});

const inputs = Float32Array.from({ length: EXAMPLES }, (_, i) => i / EXAMPLES);
const data = {
  x: tensor("float32", [EXAMPLES, 1], inputs),
  y: tensor("int64", [EXAMPLES], BigInt64Array.from(inputs, (x) => BigInt(x >= 0.5))),
};

export const app = new ClientApp()
  .parameters(() => ({ arrays: ArrayRecord.fromTensors(model.getParameters()) }))
  .train(async (message) => {
    model.setParameters([...message.content.arrayRecord("arrays").tensors().values()]);
    await model.fit(data, { epochs: 20, seed: 1 });
    const { accuracy } = await model.evaluate(data);
    return {
      arrays: ArrayRecord.fromTensors(model.getParameters()),
      metrics: new MetricRecord({ "num-examples": EXAMPLES, accuracy }),
    };
  });
