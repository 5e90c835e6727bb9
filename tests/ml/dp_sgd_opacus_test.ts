import assert from "node:assert/strict";
import {
  binaryCrossEntropy,
  conv2d,
  crossEntropy,
  dense,
  dpSgd,
  embedding,
  flatten,
  groupNorm,
  type InputSpec,
  type Layer,
  layer,
  layerNorm,
  type Loss,
  maxPool2d,
  meanSquaredError,
  Model,
  multiHeadAttention,
  ops,
  positionEmbedding,
  relu,
  residual,
  sequential,
  sgd,
  tanh,
} from "../../ml/mod.ts";
import { mixBits } from "../../base/random.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import recorded from "../vectors/opacus-1.6/clipped_sums.json" with { type: "json" };

const EXAMPLES = 6;

/** Numbers within ±scale, as make.py computes them. */
function formula(offset: number, shape: readonly number[], scale: number): Float32Array {
  const factor = Math.fround(scale);
  return Float32Array.from(
    { length: elementCount(shape) },
    (_, i) => Math.fround((mixBits(offset + i) >>> 8) / 2 ** 23 - 1) * factor,
  );
}

const labels = (classes: number) =>
  tensor(
    "int64",
    [EXAMPLES],
    BigInt64Array.from({ length: EXAMPLES }, (_, i) => BigInt(i * 7 % classes)),
  );

function numbers(width: number, shares = false): Tensor {
  const values = formula(500_000, [EXAMPLES, width], 1);
  return tensor("float32", [EXAMPLES, width], shares ? values.map((x) => (x + 1) / 2) : values);
}

const real = (...shape: number[]) =>
  tensor("float32", [EXAMPLES, ...shape], formula(700_000, [EXAMPLES, ...shape], 2));

function tokens(): Tensor {
  const values = Int32Array.from({ length: EXAMPLES * 7 }, (_, i) => mixBits(900_000 + i) % 11);
  return tensor("int32", [EXAMPLES, 7], values);
}

const input = (...shape: number[]): InputSpec => ({ shape, dtype: "float32" });

const mlp = (outputs: number) =>
  sequential(dense({ out: 16 }), relu(), dense({ out: 12 }), tanh(), dense({ out: outputs }));

interface Case {
  readonly network: Layer;
  readonly input: InputSpec;
  readonly loss: Loss;
  readonly x: Tensor;
  readonly y: Tensor;
}

const CASES: Readonly<Record<keyof typeof recorded, Case>> = {
  "mlp-cross-entropy": {
    network: mlp(5),
    input: input(20),
    loss: crossEntropy(),
    x: real(20),
    y: labels(5),
  },
  "mlp-mean-squared-error": {
    network: mlp(3),
    input: input(20),
    loss: meanSquaredError(),
    x: real(20),
    y: numbers(3),
  },
  "mlp-binary-cross-entropy": {
    network: mlp(2),
    input: input(20),
    loss: binaryCrossEntropy(),
    x: real(20),
    y: numbers(2, true),
  },
  "example-cnn": {
    network: sequential(
      conv2d({ out: 6, kernel: 5 }),
      relu(),
      maxPool2d(2),
      conv2d({ out: 16, kernel: 5 }),
      relu(),
      maxPool2d(2),
      flatten(),
      dense({ out: 120 }),
      relu(),
      dense({ out: 84 }),
      relu(),
      dense({ out: 10 }),
    ),
    input: input(3, 32, 32),
    loss: crossEntropy(),
    x: real(3, 32, 32),
    y: labels(10),
  },
  "group-norm-cnn": {
    network: sequential(
      conv2d({ out: 8, kernel: 3, padding: 1 }),
      groupNorm(4),
      relu(),
      conv2d({ out: 6, kernel: 3, stride: 2, groups: 2 }),
      groupNorm(2),
      flatten(),
      dense({ out: 3 }),
    ),
    input: input(2, 8, 8),
    loss: crossEntropy(),
    x: real(2, 8, 8),
    y: labels(3),
  },
  "embedding-attention-layer-norm": {
    network: sequential(
      embedding({ tokens: 11, width: 8 }),
      positionEmbedding(),
      residual(sequential(layerNorm(), multiHeadAttention({ heads: 2 }))),
      layerNorm(),
      dense({ out: 12 }),
      relu(),
      layer("mean", (x) => ops.reduceMean(x, { axes: [1] })),
      dense({ out: 4 }),
    ),
    input: { shape: [7], dtype: "int32" },
    loss: crossEntropy(),
    x: tokens(),
    y: labels(4),
  },
};

/** Sets the parameters by make.py's formula. */
function fill(model: Model): Tensor<"float32">[] {
  let offset = 1;
  const values = [...model.getParameters().values()].map(({ shape }) => {
    const scale = shape.length > 1 ? 1 / Math.sqrt(elementCount(shape.slice(1))) : 0.5;
    const value = tensor("float32", shape, formula(offset, shape, scale));
    offset += elementCount(shape);
    return value;
  });
  model.setParameters(values);
  return values;
}

for (const [name, { clip, norms, sums }] of Object.entries(recorded)) {
  Deno.test(`dpSgd: clipped sums are those of Opacus 1.6: ${name}`, async () => {
    const { x, y, ...options } = CASES[name as keyof typeof recorded];
    await using model = new Model({
      ...options,
      optimizer: sgd({ learningRate: 1 }),
      batchSize: EXAMPLES,
      threads: 1,
    });
    const before = fill(model);
    assert.ok(norms.some((norm) => norm < clip) && norms.some((norm) => norm > clip));
    // All examples take part in the only step, which subtracts the mean.
    await model.fit({ x, y }, { privacy: dpSgd({ clip, noiseMultiplier: 0 }) });
    const after = [...model.getParameters().values()];
    const expected = Object.values(sums);
    assert.equal(after.length, expected.length);
    const total = Math.hypot(...expected.map(({ norm }) => norm));
    let most = 0;
    expected.forEach(({ norm, stride, values }, i) => {
      const moved = before[i]!.data.map((number, k) =>
        (number - Number(after[i]!.data[k])) * EXAMPLES
      );
      most = Math.max(most, Math.abs(Math.hypot(...moved) - norm) / total);
      values.forEach((value, k) =>
        most = Math.max(most, Math.abs(moved[k * stride]! - value) / total)
      );
    });
    assert.ok(most < 1e-5, `largest error ${most} of the sum's norm`);
  });
}
