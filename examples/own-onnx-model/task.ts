/** The task: a network from an existing ONNX file learns the direction of stripes in an image. */
import { type Context, crossEntropy, type Dataset, Model, onnxNetwork, sgd, tensor } from "flwr";

const SIZE = 16;
/** Angles of the stripes, in radians: the classes. */
const ANGLES = [0, Math.PI / 4, Math.PI / 2, (3 * Math.PI) / 4];

/** The network in model.onnx, with its loss and optimiser. */
export function createModel(): Model {
  return new Model({
    exportable: true, // The server exports it at the end; this detects at the start if it cannot be exported.
    network: onnxNetwork(new URL("./model.onnx", import.meta.url)),
    input: { shape: [1, SIZE, SIZE], normalize: { mean: 0.5, deviation: 0.5 } },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.02, momentum: 0.9 }),
    batchSize: 16,
  });
}

/** Random numbers from [0, 1) with a seed (Lehmer's generator). */
function randomNumbers(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}

/** Images of stripes with noise, uint8 [count, 1, 16, 16], and the index of their angle, uint8 [count]. */
export function stripes(count: number, seed: number): Dataset {
  const random = randomNumbers(seed);
  const x = new Uint8Array(count * SIZE * SIZE);
  const y = new Uint8Array(count);
  for (let n = 0; n < count; n++) {
    y[n] = Math.floor(random() * ANGLES.length);
    const [angle, width, phase] = [ANGLES[y[n]!]!, 0.8 + random(), 6 * random()];
    for (let i = 0; i < SIZE * SIZE; i++) {
      const along = (i % SIZE) * Math.cos(angle) + Math.floor(i / SIZE) * Math.sin(angle);
      const wave = Math.sin(along * width + phase) + 3 * (random() - 0.5);
      x[n * SIZE * SIZE + i] = Math.max(0, Math.min(255, 128 + 60 * wave));
    }
  }
  return { x: tensor("uint8", [count, 1, SIZE, SIZE], x), y: tensor("uint8", [count], y) };
}

/** This node's own images, different for each `partition-id`. */
export function loadData({ nodeConfig }: Context): Dataset {
  return stripes(400, 1 + nodeConfig.number("partition-id", 0));
}
