import {
  conv2d,
  crossEntropy,
  dense,
  flatten,
  type Layer,
  maxPool2d,
  Model,
  type ModelOptions,
  relu,
  sequential,
  sgd,
} from "../../ml/mod.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";

/** The network of Flower's PyTorch quickstart, for images [3, 32, 32] of ten classes. */
export function exampleNetwork(): Layer {
  return sequential(
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
  );
}

/** The example's model: SGD with momentum 0.9 and learning rate 0.001, batches of 32. */
export function exampleModel(options: Partial<ModelOptions> = {}): Model {
  return new Model({
    network: exampleNetwork(),
    input: { shape: [3, 32, 32], normalize: { mean: 0.5, deviation: 0.5 } },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.001, momentum: 0.9 }),
    ...options,
  });
}

/** 32 random bits for a number: the finaliser of MurmurHash3, as in make_torch_reference.py. */
export function mix(number: number): number {
  let z = number >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

const FAN_IN: Readonly<Record<string, number>> = {
  conv1: 75,
  conv2: 150,
  fc1: 400,
  fc2: 120,
  fc3: 84,
};

/** Parameters of the example's network by the formula of make_torch_reference.py. */
export function formulaParameters(shapes: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  let offset = 1;
  return new Map([...shapes].map(([name, { shape }]) => {
    const bound = 1 / Math.sqrt(FAN_IN[name.split(".")[0]!]!);
    const start = offset;
    offset += elementCount(shape);
    const data = Float32Array.from(
      { length: elementCount(shape) },
      (_, i) => ((mix(start + i) >>> 8) / 2 ** 23 - 1) * bound,
    );
    return [name, tensor("float32", shape, data)];
  }));
}

/** Images and labels by the formula of make_torch_reference.py: blocks, noise, and areas where pools have ties. */
export function formulaDataset(examples: number): { x: Tensor<"uint8">; y: Tensor<"int64"> } {
  const images = new Uint8ClampedArray(examples * 3072);
  const labels = new BigInt64Array(examples);
  for (let n = 0; n < examples; n++) {
    let sum = 0;
    for (let i = 0; i < 3072; i++) {
      const [channel, row, column] = [i >> 10, (i >> 5) & 31, i & 31];
      const block = (n * 3 + channel) * 64 + (row >> 2) * 8 + (column >> 2);
      const level = mix(block + 10_000_000) & 255;
      const noise = mix(n * 3072 + i + 20_000_000) % 60 - 30;
      const black = n % 3 === 0 && row >= 20 && column >= 20;
      const white = n % 2 === 0 && row < 14 && column < 14;
      const pixel = Math.min(255, Math.max(0, black ? 0 : white ? 255 : level + noise));
      images[n * 3072 + i] = pixel;
      sum += pixel;
    }
    labels[n] = BigInt(Math.floor(sum / 3072) * 7 % 10);
  }
  return {
    x: tensor("uint8", [examples, 3, 32, 32], new Uint8Array(images.buffer)),
    y: tensor("int64", [examples], labels),
  };
}
