/** A ClientApp whose training takes no time: it returns the model of the example's size as it came. */
import { ArrayRecord, ClientApp, MetricRecord, tensor } from "flwr";

const SHAPES = [
  [6, 3, 5, 5],
  [6],
  [16, 6, 5, 5],
  [16],
  [120, 400],
  [120],
  [84, 120],
  [84],
  [10, 84],
  [10],
];

export const app = new ClientApp()
  .parameters(() => ({
    arrays: ArrayRecord.fromTensors(SHAPES.map((shape, index) => {
      const elements = shape.reduce((product, axis) => product * axis, 1);
      return [String(index), tensor("float32", shape, new Float32Array(elements).fill(0.5))];
    })),
  }))
  .train(({ content }) => ({
    arrays: ArrayRecord.fromTensors(content.arrayRecord("arrays").tensors()),
    metrics: new MetricRecord({ "num-examples": 1, value: 1 }),
  }));
