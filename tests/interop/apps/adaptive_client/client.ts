/** A ClientApp with a network of ours: it learns a line through points. */
import {
  ArrayRecord,
  ClientApp,
  dense,
  meanSquaredError,
  MetricRecord,
  Model,
  sequential,
  sgd,
  tensor,
} from "flwr";

const model = new Model({
  network: sequential(dense({ name: "line", in: 2, out: 1 })),
  input: { shape: [2], dtype: "float32" },
  loss: meanSquaredError(),
  optimizer: sgd({ learningRate: 0.05 }),
  batchSize: 8,
});

/** 64 points on y = 2a − b + 0.5. */
const COUNT = 64;
const x = Float32Array.from({ length: 2 * COUNT }, (_, i) => Math.sin(12.9898 * i));
const y = Float32Array.from({ length: COUNT }, (_, i) => 2 * x[2 * i]! - x[2 * i + 1]! + 0.5);
const data = { x: tensor("float32", [COUNT, 2], x), y: tensor("float32", [COUNT, 1], y) };

export const app = new ClientApp()
  .train(async (message) => {
    model.setParameters(message.content.arrayRecord("arrays").tensors());
    const { losses } = await model.fit(data, { seed: 1 });
    return {
      arrays: ArrayRecord.fromTensors(model.getParameters()),
      metrics: new MetricRecord({ "num-examples": COUNT, train_loss: losses[0]! }),
    };
  })
  .evaluate(async (message) => {
    model.setParameters(message.content.arrayRecord("arrays").tensors());
    const { loss } = await model.evaluate(data);
    return { metrics: new MetricRecord({ "num-examples": COUNT, loss }) };
  });
