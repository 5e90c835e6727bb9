import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { seededRandom } from "../../../base/random.ts";
import type { Dataset } from "../../../tensor/dataset.ts";
import { elementCount, tensor } from "../../../tensor/tensor.ts";
import * as ops from "../../ops.ts";
import { gelu, relu, tanh } from "../../nn/activation.ts";
import { multiHeadAttention } from "../../nn/attention.ts";
import { residual } from "../../nn/combine.ts";
import { conv1d, conv2d, depthwiseConv2d } from "../../nn/convolution.ts";
import { dense } from "../../nn/dense.ts";
import { embedding, positionEmbedding } from "../../nn/embedding.ts";
import { filled, normal } from "../../nn/initializer.ts";
import { type Layer, layer } from "../../nn/layer.ts";
import {
  binaryCrossEntropy,
  crossEntropy,
  huber,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
} from "../../nn/loss.ts";
import { groupNorm, layerNorm } from "../../nn/normalization.ts";
import { avgPool2d, globalAvgPool, maxPool2d } from "../../nn/pooling.ts";
import { sequential } from "../../nn/sequential.ts";
import { sgd } from "../../nn/sgd.ts";
import { flatten } from "../../nn/shaping.ts";
import { transformerEncoder } from "../../nn/transformer.ts";
import { LocalEngine } from "../../session/local_engine.ts";
import type { InputSpec } from "../input_spec.ts";
import { Model } from "../model.ts";

/** Whether an error has a code, and its message matches. */
export function errorWith(expected: FlwrError["code"], named = /./) {
  return (error: unknown) => {
    assert.ok(error instanceof FlwrError, String(error));
    assert.equal(error.code, expected, error.message);
    assert.match(error.message, named);
    return true;
  };
}

/** A network with its data, for tests of DP-SGD. */
export interface PrivateCase {
  readonly network: Layer;
  readonly input: InputSpec;
  readonly loss: Loss;
  /** Tokens instead of real numbers, below this. */
  readonly tokens?: number;
  /** Number of outputs, if targets are numbers and not labels. */
  readonly outputs?: number;
  /** Number of examples (default: 6). */
  readonly examples?: number;
}

const meanOverPositions = layer("mean", (x) => ops.reduceMean(x, { axes: [1] }));
const numbers = (...shape: number[]): InputSpec => ({ shape, dtype: "float32" });
const tokens = (length: number): InputSpec => ({ shape: [length], dtype: "int32" });
const classified = { loss: crossEntropy() } as const;
const shared = dense({ out: 5, name: "shared" });

/** Networks with every kind of layer that has parameters. */
export const PRIVATE_CASES: Readonly<Record<string, PrivateCase>> = {
  "MLP": {
    network: sequential(dense({ out: 7 }), relu(), dense({ out: 3 })),
    input: numbers(5),
    ...classified,
  },
  "convolutions, group norm and pools": {
    network: sequential(
      conv2d({ out: 6, kernel: 3, padding: 1 }),
      groupNorm(2),
      relu(),
      maxPool2d(2),
      conv2d({ out: 4, kernel: 3, stride: 2, padding: 1, groups: 2, bias: false }),
      tanh(),
      flatten(),
      dense({ out: 3 }),
    ),
    input: numbers(2, 8, 8),
    ...classified,
  },
  "depthwise, dilated, pointwise and strided convolutions": {
    network: sequential(
      depthwiseConv2d({ kernel: 3, padding: 1, multiplier: 2 }),
      conv2d({ out: 5, kernel: 1 }),
      relu(),
      conv2d({ out: 12, kernel: [2, 3], dilation: 2 }),
      avgPool2d(2),
      conv2d({ out: 16, kernel: 1, stride: 2 }),
      globalAvgPool(),
      flatten(),
      dense({ out: 2 }),
    ),
    input: numbers(3, 9, 9),
    loss: meanSquaredError(),
    outputs: 2,
  },
  "deep narrow convolution, whose norm needs no kernels": {
    network: sequential(conv2d({ out: 24, kernel: 3 }), relu(), flatten(), dense({ out: 2 })),
    input: numbers(8, 4, 4),
    loss: huber(0.5),
    outputs: 2,
  },
  "convolution over a sequence": {
    network: sequential(conv1d({ out: 4, kernel: 3 }), gelu(), flatten(), dense({ out: 2 })),
    input: numbers(3, 7),
    loss: binaryCrossEntropy(),
    outputs: 2,
  },
  "convolutions below pools, as products with the batch innermost": {
    network: sequential(
      conv2d({ out: 3, kernel: 3 }),
      relu(),
      maxPool2d(2),
      conv2d({ out: 4, kernel: 3, padding: 1 }),
      tanh(),
      maxPool2d(2),
      flatten(),
      dense({ out: 20 }),
      relu(),
      dense({ out: 3 }),
    ),
    input: numbers(2, 10, 10),
    examples: 18,
    ...classified,
  },
  "an input whose scale moves to the layer": {
    network: sequential(
      layer("scale", (x) => ops.mul(x, 0.125)),
      dense({ out: 7 }),
      tanh(),
      meanOverPositions,
      dense({ out: 3 }),
    ),
    input: numbers(6, 4),
    ...classified,
  },
  "as many positions as some operators are chosen by": {
    network: sequential(dense({ out: 3 }), tanh(), meanOverPositions),
    input: numbers(45, 2),
    ...classified,
  },
  "embedding, attention and layer norm": {
    network: sequential(
      embedding({ tokens: 6, width: 8 }),
      positionEmbedding(),
      transformerEncoder({ heads: 2, feedForward: 12, dropout: 0 }),
      layerNorm(),
      meanOverPositions,
      dense({ out: 3 }),
    ),
    input: tokens(5),
    tokens: 6,
    ...classified,
  },
  "wide dense layer over a few positions": {
    network: sequential(dense({ out: 30 }), relu(), dense({ out: 2 }), meanOverPositions),
    input: numbers(3, 20),
    loss: meanAbsoluteError(),
    outputs: 2,
  },
  "attention to a memory": {
    network: layer("memory", (x, scope) => {
      const memory = scope.apply(dense({ out: 4, name: "memory" }), x);
      const seen = scope.apply(multiHeadAttention({ heads: 2, memory, name: "attention" }), x);
      return ops.reduceMean(seen, { axes: [1] });
    }),
    input: numbers(3, 4),
    loss: meanSquaredError(),
    outputs: 4,
  },
  "a layer that is used twice": {
    network: sequential(
      dense({ out: 5 }),
      layer(
        "twice",
        (x, scope) => scope.apply(shared, relu().apply(scope.apply(shared, x), scope)),
      ),
      dense({ out: 3 }),
    ),
    input: numbers(4),
    ...classified,
  },
  "an embedding whose table is also the output layer": {
    network: layer("tied", (x, scope) => {
      const table = scope.parameter("table", [6, 4], normal(1));
      const vectors = ops.gather(table, x);
      return ops.matmul(ops.reduceMean(vectors, { axes: [1] }), ops.transpose(table));
    }),
    input: tokens(4),
    tokens: 6,
    ...classified,
  },
  "a class token and scales that are functions of parameters": {
    network: layer("token", (x, scope) => {
      const [batch, , width] = x.shape as [number, number, number];
      const token = scope.parameter("token", [1, 1, width], normal(1));
      const all = ops.concat([ops.broadcastTo(token, [batch, 1, width]), x], 1);
      const scale = ops.exp(scope.parameter("log_scale", [width], filled(0.2)));
      const block = scope.apply(residual(dense({ out: width })), ops.mul(all, scale));
      return ops.reduceMean(block, { axes: [1] });
    }),
    input: numbers(3, 4),
    loss: meanSquaredError(),
    outputs: 4,
  },
  "a parameter with a use that has no rule: one example per pass": {
    network: layer("normed", (x, scope) => {
      const raw = scope.parameter("raw", [4, 3], normal(1));
      const norm = ops.sqrt(ops.reduceSum(ops.mul(raw, raw), { axes: [0], keep: true }));
      return ops.matmul(x, ops.div(raw, norm));
    }),
    input: numbers(4),
    ...classified,
  },
};

/** Number of examples, unless a case says otherwise. */
export const EXAMPLES = 6;

/** Random data for a case. */
export function dataOf(
  { input, tokens, outputs, loss, examples: own = EXAMPLES }: PrivateCase,
  examples = own,
): Dataset {
  const random = seededRandom(5);
  const shape = [examples, ...input.shape];
  const draw = (count: number, scale: number) =>
    Array.from({ length: count }, () => random.uniform() * scale);
  const count = elementCount(shape);
  const x = tokens === undefined
    ? tensor("float32", shape, Float32Array.from(draw(count, 4)))
    : tensor("int32", shape, Int32Array.from(draw(count, tokens)));
  const y = outputs === undefined
    ? tensor("int32", [examples], Int32Array.from({ length: examples }, (_, i) => i % 3))
    : tensor(
      "float32",
      [examples, outputs],
      Float32Array.from(draw(examples * outputs, loss.targetRange ? 1 : 5)),
    );
  return { x, y };
}

/** A model whose steps subtract the gradient. */
export function modelOf({ network, input, loss }: PrivateCase, batchSize: number): Model {
  return new Model({
    network,
    input,
    loss,
    optimizer: sgd({ learningRate: 1 }),
    batchSize,
    createEngine: () => LocalEngine.create(1),
  });
}

/** All parameters' numbers, one after the other. */
export function flat(model: Model): number[] {
  return [...model.getParameters().values()].flatMap(({ data }) => [...data as Float32Array]);
}

/** The smallest case. */
export const MLP = PRIVATE_CASES["MLP"]!;
