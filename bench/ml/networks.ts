import {
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  type Layer,
  layer,
  ops,
  relu,
  residual,
  sequential,
  transformerEncoder,
} from "../../ml/mod.ts";
import { type BenchNetwork, exampleNetwork, images } from "./example_network.ts";

const conv3 = (out: number, stride = 1) =>
  conv2d({ out, kernel: 3, stride, padding: 1, bias: false });

/** A block of a residual network (He et al., 2016) whose way around has a convolution when sizes change. */
function block(channels: number, out: number, stride: number): Layer {
  const inner = sequential(conv3(out, stride), batchNorm(), relu(), conv3(out), batchNorm());
  const shortcut = stride === 1 && channels === out
    ? undefined
    : sequential(conv2d({ out, kernel: 1, stride, bias: false }), batchNorm());
  return sequential(residual(inner, { shortcut }), relu());
}

function resnet20(): Layer {
  const stages = [[16, 16, 1], [16, 32, 2], [32, 64, 2]] as const;
  const blocks = stages.flatMap(([from, to, stride]) => [
    block(from, to, stride),
    block(to, to, 1),
    block(to, to, 1),
  ]);
  return sequential(
    conv3(16),
    batchNorm(),
    relu(),
    ...blocks,
    globalAvgPool(),
    flatten(),
    dense({ out: 10 }),
  );
}

/** A depthwise 3 × 3 convolution and a pointwise one, each with batch norm and relu (Howard et al., 2017). */
function separable(out: number, stride: number): Layer[] {
  return [
    depthwiseConv2d({ kernel: 3, stride, padding: 1, bias: false }),
    batchNorm(),
    relu(),
    conv2d({ out, kernel: 1, bias: false }),
    batchNorm(),
    relu(),
  ];
}

/** The networks of the performance table. */
export const NETWORKS: Readonly<Record<string, BenchNetwork>> = {
  "example": exampleNetwork(1),
  "example-x2": exampleNetwork(2),
  "example-x4": exampleNetwork(4),
  "example-x8": exampleNetwork(8),
  mlp: {
    network: sequential(
      dense({ out: 512 }),
      relu(),
      dense({ out: 256 }),
      relu(),
      dense({ out: 10 }),
    ),
    input: { shape: [784], normalize: { mean: 0.5, deviation: 0.5 } },
    batch: 64,
  },
  depthwise: {
    network: sequential(
      conv3(32),
      batchNorm(),
      relu(),
      ...separable(64, 1),
      ...separable(128, 2),
      ...separable(128, 1),
      ...separable(256, 2),
      globalAvgPool(),
      flatten(),
      dense({ out: 10 }),
    ),
    input: images,
    batch: 32,
  },
  transformer: {
    network: sequential(
      transformerEncoder({ heads: 4, feedForward: 512, dropout: 0 }),
      transformerEncoder({ heads: 4, feedForward: 512, dropout: 0 }),
      layer("meanOverPositions", (x) => ops.reduceMean(x, { axes: [1] })),
      dense({ out: 10 }),
    ),
    input: { shape: [64, 128], normalize: { mean: 0.5, deviation: 0.5 } },
    batch: 32,
  },
  resnet20: { network: resnet20(), input: images, batch: 32 },
  stem: {
    network: sequential(block(64, 64, 1), globalAvgPool(), flatten(), dense({ out: 10 })),
    input: { shape: [64, 32, 32], normalize: { mean: 0.5, deviation: 0.5 } },
    batch: 32,
  },
};
