/** The task: a small convolutional network learns the direction of the stripes in an image. */
import {
  ArrayRecord,
  type Context,
  conv2d,
  crossEntropy,
  type Dataset,
  dense,
  flatten,
  maxPool2d,
  Model,
  relu,
  sequential,
  sgd,
  tensor,
} from "flwr";

/** Pixels along an image's edge. */
const SIZE = 16;
/** Angles of the stripes, in radians: the classes. */
const ANGLES = [0, Math.PI / 4, Math.PI / 2, (3 * Math.PI) / 4];

/** The network, with its loss and optimiser. */
export function createModel(): Model {
  return new Model({
    network: sequential(
      conv2d({ name: "conv1", in: 1, out: 8, kernel: 5 }),
      relu(),
      maxPool2d(2),
      flatten(),
      dense({ name: "fc1", in: 288, out: 32 }),
      relu(),
      dense({ name: "fc2", in: 32, out: ANGLES.length }),
    ),
    input: { shape: [1, SIZE, SIZE], normalize: { mean: 0.5, deviation: 0.5 } },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.02, momentum: 0.9 }),
    batchSize: 16,
  });
}

/** Converts the model's parameters for a message. */
export function toArrays(model: Model): ArrayRecord {
  return ArrayRecord.fromTensors(model.getParameters());
}

/** Sets the model's parameters from a message: by position, because older servers number the arrays. */
export function setArrays(model: Model, arrays: ArrayRecord): void {
  model.setParameters([...arrays.tensors().values()]);
}

/** Loads this node's own images, which depend on `partition-id`. Put your own data here. */
export function loadData({ nodeConfig }: Context): { train: Dataset; test: Dataset } {
  const partition = nodeConfig.number("partition-id", 0);
  return { train: stripes(400, 1 + 2 * partition), test: stripes(100, 2 + 2 * partition) };
}

/** Images of stripes with noise, uint8 [count, 1, 16, 16], and their directions, uint8 [count]. */
function stripes(count: number, seed: number): Dataset {
  const random = randomNumbers(seed);
  const x = new Uint8Array(count * SIZE * SIZE);
  const y = new Uint8Array(count);
  for (let n = 0; n < count; n++) {
    y[n] = Math.floor(random() * ANGLES.length);
    const [angle, width, phase] = [ANGLES[y[n]!]!, 0.8 + random(), 6 * random()];
    for (let i = 0; i < SIZE * SIZE; i++) {
      const along = (i % SIZE) * Math.cos(angle) + Math.floor(i / SIZE) * Math.sin(angle);
      const wave = Math.sin(along * width + phase) + 2 * (random() - 0.5);
      x[n * SIZE * SIZE + i] = Math.max(0, Math.min(255, 128 + 60 * wave));
    }
  }
  return { x: tensor("uint8", [count, 1, SIZE, SIZE], x), y: tensor("uint8", [count], y) };
}

/** Pseudo-random numbers in [0, 1) from a seed (Lehmer's generator). */
function randomNumbers(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}
