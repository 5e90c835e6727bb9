/** The example's network on CIFAR-10, where user u has the images n·u to n·u + n − 1. */
import {
  type Context,
  conv2d,
  crossEntropy,
  type Dataset,
  dense,
  flatten,
  loadCifar10,
  maxPool2d,
  Model,
  relu,
  selectExamples,
  sequential,
  sgd,
} from "flwr";

export function createModel({ runConfig }: Pick<Context, "runConfig">): Model {
  return new Model({
    network: sequential(
      conv2d({ name: "conv1", in: 3, out: 6, kernel: 5 }),
      relu(),
      maxPool2d(2),
      conv2d({ name: "conv2", in: 6, out: 16, kernel: 5 }),
      relu(),
      maxPool2d(2),
      flatten(),
      dense({ name: "fc1", in: 400, out: 120 }),
      relu(),
      dense({ name: "fc2", in: 120, out: 84 }),
      relu(),
      dense({ name: "fc3", in: 84, out: 10 }),
    ),
    input: { shape: [3, 32, 32], normalize: { mean: 0.5, deviation: 0.5 } },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.05 }),
    batchSize: runConfig.number("batch"),
  });
}

/** All training images, which all nodes share. */
export async function loadImages({ runConfig }: Context): Promise<Dataset> {
  const dataDir = runConfig.string("data-dir");
  const options = { ...(dataDir !== "" && { dataDir }), testLimit: 1, readOnly: true };
  return (await loadCifar10(options)).train;
}

/** A user's own images. */
export function imagesOf(all: Dataset, { nodeConfig, runConfig }: Context): Dataset {
  const count = runConfig.number("per-user");
  const first = nodeConfig.number("partition-id") * count;
  return selectExamples(all, Int32Array.from({ length: count }, (_, i) => first + i));
}
