import assert from "node:assert/strict";
import { seededRandom } from "../../../base/random.ts";
import {
  conv2d,
  dense,
  embedding,
  fanInUniform,
  filled,
  type Initializer,
  kaiming,
  type Layer,
  multiHeadAttention,
  normal,
  xavier,
} from "../../../ml/mod.ts";
import { input } from "../../../ml/graph/value.ts";
import { trace } from "../../../ml/nn/trace.ts";

const SHAPE = [64, 32, 3, 3];
const FAN_IN = 32 * 9;
const FAN_OUT = 64 * 9;

function moments(initializer: Initializer, shape: readonly number[] = SHAPE, seed = 1) {
  const { data } = initializer(seededRandom(seed), shape);
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const square = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, deviation: Math.sqrt(square), largest };
}

/** Deviation by PyTorch's formulas (torch.nn.init), and the bound of uniform ones: √3 deviations. */
const EXPECTED: readonly (readonly [string, Initializer, number, "uniform" | "normal"])[] = [
  ["fanInUniform", fanInUniform(FAN_IN), 1 / Math.sqrt(3 * FAN_IN), "uniform"],
  ["kaiming normal", kaiming(), Math.sqrt(2 / FAN_IN), "normal"],
  ["kaiming uniform", kaiming("uniform"), Math.sqrt(2 / FAN_IN), "uniform"],
  ["xavier uniform", xavier(), Math.sqrt(2 / (FAN_IN + FAN_OUT)), "uniform"],
  ["xavier normal", xavier("normal"), Math.sqrt(2 / (FAN_IN + FAN_OUT)), "normal"],
  ["normal", normal(0.02), 0.02, "normal"],
];

for (const [name, initializer, deviation, kind] of EXPECTED) {
  Deno.test(`${name} draws from PyTorch's distribution`, () => {
    const got = moments(initializer);
    assert.ok(Math.abs(got.deviation / deviation - 1) < 0.02, `deviation ${got.deviation}`);
    assert.ok(Math.abs(got.mean) < 0.03 * deviation, `mean ${got.mean}`);
    const bound = Math.sqrt(3) * deviation;
    if (kind === "uniform") {
      assert.ok(got.largest <= bound && got.largest > 0.99 * bound, `bound ${got.largest}`);
    } else assert.ok(got.largest > 3 * deviation, `tail ${got.largest}`);
    assert.deepEqual(moments(initializer), got, "one seed, one draw");
    assert.notDeepEqual(moments(initializer, SHAPE, 2), got);
  });
}

/** By name, the bound that a layer's first values reach but do not pass (0: all zero; ∞: normal). */
function bounds(layer: Layer, shape: readonly number[], integer = false) {
  const x = input("x", integer ? "int64" : "float32", shape);
  const random = seededRandom(3);
  return trace(layer, x).variables.map(({ name, value, initializer }) => {
    const { data } = initializer(random, value.shape);
    const largest = (data as Float32Array).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    return [name, largest] as const;
  });
}

function assertBounds(got: ReturnType<typeof bounds>, expected: Record<string, number>): void {
  assert.deepEqual(got.map(([name]) => name), Object.keys(expected));
  for (const [name, largest] of got) {
    const bound = expected[name]!;
    assert.ok(largest <= bound && largest >= 0.9 * bound, `${name}: ${largest}, ${bound}`);
  }
}

Deno.test("layers start as PyTorch's do", () => {
  const root = (n: number) => 1 / Math.sqrt(n);
  assertBounds(bounds(dense({ out: 50 }), [1, 100]), { weight: root(100), bias: root(100) });
  assertBounds(bounds(conv2d({ out: 64, kernel: 3, groups: 2 }), [1, 8, 5, 5]), {
    weight: root(4 * 9),
    bias: root(4 * 9),
  });
  assertBounds(bounds(multiHeadAttention({ heads: 2 }), [1, 3, 16]), {
    in_proj_weight: Math.sqrt(6 / (16 + 48)),
    in_proj_bias: 0,
    "out_proj.weight": root(16),
    "out_proj.bias": 0,
  });
  const [[, largest] = []] = bounds(embedding({ tokens: 100, width: 10 }), [1], true);
  assert.ok(largest! > 2.5 && largest! < 5, "embeddings are standard normal");
  assertBounds(bounds(dense({ out: 200, initializer: filled(0.25) }), [1, 4]), {
    weight: 0.25,
    bias: 0.5,
  });
});
