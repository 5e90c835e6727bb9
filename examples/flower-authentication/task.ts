/** The task: a small convolutional network learns to classify the ten classes of CIFAR-10. */
import {
  type Cifar10,
  type Context,
  conv2d,
  crossEntropy,
  datasetSize,
  dense,
  flatten,
  loadCifar10,
  maxPool2d,
  Model,
  partitionIid,
  relu,
  selectPartition,
  sequential,
  sgd,
} from "flwr";

/** The network, with its loss and optimiser. */
export function createModel(): Model {
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
    optimizer: sgd({ learningRate: 0.001, momentum: 0.9 }),
    batchSize: 32,
  });
}

/**
 * This node's images: all of them, or its share if the node's configuration has `partition-id` and `num-partitions`.
 * `train-limit` and `test-limit` limit the number of images, for short runs.
 */
export async function loadData({ nodeConfig, runConfig }: Context): Promise<Cifar10> {
  const limit = (name: string) =>
    [nodeConfig, runConfig].find((config) => config.has(name))?.number(name);
  const { train, test } = await loadCifar10({
    dataDir: nodeConfig.has("data-dir") ? nodeConfig.string("data-dir") : undefined,
    trainLimit: limit("train-limit"),
    testLimit: limit("test-limit"),
  });
  if (!nodeConfig.has("partition-id")) return { train, test };
  const partitions = partitionIid(datasetSize(train), nodeConfig.number("num-partitions"));
  return { train: selectPartition(train, partitions, nodeConfig.number("partition-id")), test };
}

/**
 * Trains for one epoch, with the images in a new random order each time, then evaluates the model.
 *
 * Losses are means over images. Flower's example in Python adds the mean losses of its batches: for the whole of
 * CIFAR-10 its `train_loss` is 1,563 times as large (batches of 32), and its `val_loss` 10,000 times (batches of 1).
 */
export async function train(model: Model, data: Cifar10) {
  await model.fit(data.train);
  const onTrain = await model.evaluate(data.train);
  const onTest = await model.evaluate(data.test);
  return {
    train_loss: onTrain.loss,
    train_accuracy: onTrain.accuracy,
    val_loss: onTest.loss,
    val_accuracy: onTest.accuracy,
  };
}
