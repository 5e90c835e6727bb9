/** The task: a network that has learnt to see gets a new head, which learns to tell damaged leaves from sound ones. */
import { adam, crossEntropy, dense, Model, onnxNetwork, sequential } from "flwr";

/** The classes: names of the folders of images, the same at all nodes. */
export const CLASSES = ["damaged", "sound"];

/** The network in features.onnx up to its features, which do not change, and a head for the classes. */
export function createModel(): Model {
  const features = onnxNetwork(new URL("./features.onnx", import.meta.url), {
    name: "features",
    output: "features",
    freeze: /./,
  });
  return new Model({
    network: sequential(features, dense({ name: "head", out: CLASSES.length })),
    input: { shape: [3, 32, 32], normalize: { mean: 0.5, deviation: 0.5 } },
    loss: crossEntropy(),
    optimizer: adam({ learningRate: 0.02 }),
    batchSize: 8,
  });
}
