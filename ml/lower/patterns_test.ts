import assert from "node:assert/strict";
import fc from "fast-check";
import { gradients } from "../grad/gradients.ts";
import { conv, maxPool } from "../graph/convolution.ts";
import { add, mul, relu, sign } from "../graph/elementwise.ts";
import { indexTable } from "../graph/index_table.ts";
import { foldMax, gatherSum, routeFirst } from "../graph/indexing.ts";
import { matmul } from "../graph/linear.ts";
import { reshape, slice, transpose } from "../graph/movement.ts";
import { normalize } from "../graph/normalize.ts";
import { reduceSum } from "../graph/reduce.ts";
import type { Value } from "../graph/value.ts";
import { GraphBuilder } from "../onnx/graph_builder.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { assertPatternRight, matchesPattern, real } from "../testing/compare.ts";
import { channelAffinePattern } from "./channel_affine.ts";
import { channelNormalizeGradPattern } from "./channel_normalize_grad.ts";
import { channelSumsPattern } from "./channel_sums.ts";
import { concatOfPadsPattern } from "./concat_of_pads.ts";
import { depthwiseWeightGradPattern } from "./depthwise_weight_grad.ts";
import { emit } from "./emit.ts";
import { foldMaxPattern } from "./fold_max.ts";
import { gemmPattern, MIN_ROWS_OF_BIAS } from "./gemm.ts";
import { leadingSumsPattern, MIN_SUMMED_ROWS } from "./leading_sums.ts";
import { reluMaskPattern } from "./relu_mask.ts";
import { routeFirstPattern } from "./route_first.ts";
import { sharedPoolIndices } from "./shared_pool_indices.ts";
import { splitSlicesPattern } from "./split_slices.ts";
import type { Pattern } from "./tile.ts";
import { turnedBatchProductPattern } from "./turned_batch_product.ts";
import { zeroRowPattern } from "./zero_row.ts";

const side = fc.integer({ min: 1, max: 5 });

/**
 * Registers a test: the graph that `build` makes for random lengths is computed correctly, and the pattern matches its
 * first output.
 */
function patternTest(
  name: string,
  pattern: Pattern,
  build: (m: number, k: number, n: number, flags: number) => Value[],
): void {
  Deno.test(name, async () => {
    await using engine = await LocalEngine.create(1);
    await fc.assert(
      fc.asyncProperty(side, side, side, fc.nat(7), fc.nat(), async (m, k, n, flags, seed) => {
        const outputs = build(m, k, n, flags);
        assert.ok(matchesPattern(pattern, outputs[0]!, outputs), "the pattern matches");
        await assertPatternRight(engine, pattern, outputs, seed);
      }),
      { numRuns: 20 },
    );
  });
}

function factor(name: string, rows: number, columns: number, turned: boolean): Value {
  return turned ? transpose(real(name, [columns, rows])) : real(name, [rows, columns]);
}

patternTest("a product with transposed factors is a Gemm", gemmPattern, (m, k, n, flags) => [
  matmul(factor("a", m, k, true), factor("b", k, n, (flags & 1) > 0)),
]);

patternTest("a product with a bias is a Gemm", gemmPattern, (m, k, n, flags) => {
  const product = matmul(factor("a", m, k, (flags & 1) > 0), factor("b", k, n, (flags & 2) > 0));
  const bias = real("bias", (flags & 4) > 0 ? [m, 1] : [n]);
  return [add(product, bias)];
});

patternTest("a product with momentum is a Gemm", gemmPattern, (m, k, n, flags) => {
  const product = matmul(factor("a", m, k, (flags & 1) > 0), factor("b", k, n, (flags & 2) > 0));
  const velocity = mul(real("v", [m, n]), 0.9);
  return [(flags & 4) > 0 ? add(velocity, product) : add(product, velocity)];
});

patternTest("a transposed product is a Gemm", gemmPattern, (m, k, n, flags) => {
  const product = matmul(factor("a", m, k, (flags & 1) > 0), factor("b", k, n, (flags & 2) > 0));
  const turned = transpose(product);
  return [(flags & 4) > 0 ? add(mul(real("v", [n, m]), 0.9), turned) : turned];
});

Deno.test("a product that is used elsewhere, or stretched, stays a value of its own", () => {
  const product = matmul(real("a", [1, 3]), real("b", [3, 2]));
  const sum = add(product, real("bias", [2]));
  assert.ok(!matchesPattern(gemmPattern, sum, [sum, product]));
  assert.ok(!matchesPattern(gemmPattern, add(product, real("c", [4, 2]))));
});

Deno.test("a bias over many rows is added separately, one over many columns is not", () => {
  const product = (rows: number) => matmul(real("a", [rows, 3]), transpose(real("b", [2, 3])));
  const [few, many] = [MIN_ROWS_OF_BIAS - 1, MIN_ROWS_OF_BIAS];
  assert.ok(matchesPattern(gemmPattern, add(product(few), real("bias", [2]))));
  assert.ok(!matchesPattern(gemmPattern, add(product(many), real("bias", [2]))));
  assert.ok(matchesPattern(gemmPattern, add(product(many), real("bias", [many, 1]))));
});

patternTest(
  "transposed products of many matrices exchange their factors",
  turnedBatchProductPattern,
  (m, k, n, flags) => {
    const swap = (x: Value) => transpose(x, [0, 1, 3, 2]);
    const [a, b] = [real("a", [2, m, k, n]), real("b", [2, 1, n, 3])];
    const left = (flags & 1) > 0 ? swap(real("a", [2, m, n, k])) : a;
    const right = (flags & 2) > 0 ? swap(real("b", [2, 1, 3, n])) : b;
    return [swap(matmul(left, right))];
  },
);

Deno.test("a product that is also used untransposed, or is transposed in another way, stays", () => {
  const product = matmul(real("a", [2, 3, 4]), real("b", [2, 4, 5]));
  const turned = transpose(product, [0, 2, 1]);
  assert.ok(!matchesPattern(turnedBatchProductPattern, turned, [turned, product]));
  assert.ok(!matchesPattern(turnedBatchProductPattern, transpose(product, [1, 0, 2])));
});

patternTest("sums over the first axes are products with ones", leadingSumsPattern, (
  m,
  k,
  n,
  flags,
) => {
  const axes = (flags & 1) > 0 ? [0] : [0, 1];
  const x = real("x", [MIN_SUMMED_ROWS, m, k, n + 1]);
  return [reduceSum(x, { axes, keep: (flags & 2) > 0 })];
});

Deno.test("sums over few rows, over other axes, or over all, stay sums", () => {
  const rows = MIN_SUMMED_ROWS;
  const sum = (shape: number[], axes: number[]) => reduceSum(real("x", shape), { axes });
  assert.ok(!matchesPattern(leadingSumsPattern, sum([rows - 1, 2], [0])));
  assert.ok(!matchesPattern(leadingSumsPattern, sum([2, rows], [1])));
  assert.ok(!matchesPattern(leadingSumsPattern, sum([rows, 2, 2], [0, 2])));
  assert.ok(!matchesPattern(leadingSumsPattern, sum([rows, 2], [0, 1])));
});

patternTest("the zeros of gaps come from the product", zeroRowPattern, (m, k, n, flags) => {
  const product = matmul(factor("a", m, k, (flags & 1) > 0), real("b", [k, 2 * n]));
  const source = (flags & 2) > 0 ? reshape(product, [2 * m, n]) : product;
  const rows = source.shape[0]!;
  const table = indexTable(rows, Int32Array.from({ length: 6 }, (_, i) => (i % (rows + 1)) - 1));
  return [gatherSum(source, { ...table, taps: 2, rows: 3 })];
});

patternTest("also if rows have several axes", zeroRowPattern, (m, k, n) => {
  const product = matmul(real("a", [m, k]), real("b", [k, 6 * n]));
  const source = reshape(product, [2 * m, 3, n]);
  const table = indexTable(2 * m, Int32Array.from({ length: 4 }, (_, i) => (i % (2 * m + 1)) - 1));
  return [gatherSum(source, { ...table, taps: 2, rows: 2 })];
});

Deno.test("a product whose rows are no whole rows of the source gets no zeros", () => {
  const product = matmul(real("a", [4, 2]), real("b", [2, 3]));
  const gapped = gatherSum(reshape(product, [2, 6]), indexTable(2, Int32Array.of(-1, 0)));
  assert.ok(!matchesPattern(zeroRowPattern, gapped));
});

patternTest("the maximum over rows is a tree", foldMaxPattern, (m, k, n) => [
  foldMax(real("x", [m, k, n])),
]);

patternTest("the first maximum is found by a triangle", routeFirstPattern, (m, k, n) => {
  const x = real("x", [m, k, n]);
  return [routeFirst(x, foldMax(x), real("d", [k, n]))];
});

patternTest("the sign of a relu is a mask", reluMaskPattern, (m, k) => [
  sign(relu(real("x", [m, k]))),
]);

patternTest("a pool and its gradient share the indices", sharedPoolIndices, (m, k, n) => {
  const x = real("x", [m, k, n + 2, 4]);
  const pooled = maxPool(x, 2, { stride: 1 });
  return [pooled, ...gradients(pooled, [x], real("d", pooled.shape))];
});

patternTest("slices of one array get their gradients joined", concatOfPadsPattern, (m, k, n) => {
  const x = real("x", [m, k + n + 1]);
  const parts = [[0, k], [k, k + n], [k + n, k + n + 1]] as const;
  const losses = parts.map(([from, to], i) =>
    reduceSum(mul(slice(x, [0, from], [m, to]), real(`w${i}`, [m, to - from])))
  );
  return gradients(losses.reduce((sum, loss) => add(sum, loss)), [x]);
});

patternTest("slices that divide an array become one Split", splitSlicesPattern, (m, k, n) => {
  const x = real("x", [m, k + n + 1, 2]);
  const part = (from: number, to: number) => slice(x, [0, from, 0], [m, to, 2]);
  return [part(k, k + n), part(0, k), part(k + n, k + n + 1)];
});

Deno.test("slices that leave a gap, overlap, or shorten two axes stay", () => {
  const x = real("x", [4, 6]);
  const part = (from: number, to: number, rows = 4) => slice(x, [0, from], [rows, to]);
  const stays = (...slices: Value[]) =>
    assert.ok(!matchesPattern(splitSlicesPattern, slices[0]!, slices));
  stays(part(0, 2), part(3, 6));
  stays(part(0, 2), part(2, 5));
  stays(part(0, 4), part(3, 6));
  stays(part(0, 3, 2), part(3, 6));
});

patternTest("depthwise kernels get their gradient from diagonals", depthwiseWeightGradPattern, (
  m,
  k,
  n,
  flags,
) => {
  const channels = m + 1;
  const x = real("x", [2, channels, k + 4, n + 4]);
  const w = real("w", [channels, 1, 3, 2]);
  const y = conv(x, w, {
    groups: channels,
    stride: [1 + (flags & 1), 1 + (flags >> 2)],
    padding: [flags & 1, (flags >> 1) & 1],
    dilation: [1, 1 + ((flags >> 1) & 1)],
  });
  return gradients(y, [w], real("d", y.shape));
});

patternTest(
  "a bias becomes an input of the convolution",
  channelAffinePattern,
  (m, k, n, flags) => {
    const [x, w] = [real("x", [m, 2, k + 1, n + 1]), real("w", [3, 2, 2, 2])];
    const bias = real("bias", (flags & 1) > 0 ? [3, 1, 1] : [1, 3, 1, 1]);
    const product = conv(x, w, { padding: flags >> 2 });
    return [(flags & 2) > 0 ? add(bias, product) : add(product, bias)];
  },
);

patternTest("scale and shift per channel are one pass", channelAffinePattern, (m, k, n) => {
  const x = real("x", [m, 3, k, n]);
  return [add(mul(x, real("scale", [1, 3, 1, 1])), real("shift", [1, 3, 1, 1]))];
});

Deno.test("an addend that is not one number per channel is added unchanged", () => {
  const scaled = mul(real("x", [2, 3, 4, 3]), real("scale", [1, 3, 1, 1]));
  assert.ok(!matchesPattern(channelAffinePattern, add(scaled, real("row", [3]))));
  assert.ok(!matchesPattern(channelAffinePattern, add(scaled, real("one", [1, 1, 1, 1]))));
});

/** Images [m + 1, k, n, 2], normalised per channel. */
function normalizedImages(m: number, k: number, n: number): { x: Value; normal: Value } {
  const x = real("x", [m + 1, k, n, 2]);
  return { x, normal: normalize(x, { axes: [0, 2, 3], epsilon: 0.01 }) };
}

patternTest(
  "the scale of normalised channels includes their inverse deviation",
  channelAffinePattern,
  (m, k, n) => {
    const { normal } = normalizedImages(m, k, n);
    return [add(mul(normal, real("scale", [k, 1, 1])), real("shift", [k, 1, 1]))];
  },
);

patternTest(
  "the gradient of normalised channels is one sum of scaled images",
  channelNormalizeGradPattern,
  (m, k, n, flags) => {
    const { x, normal } = normalizedImages(m, k, n);
    const scale = real("scale", [k, 1, 1]);
    const y = (flags & 1) > 0 ? mul(normal, scale) : normal;
    return gradients(y, [x, scale].slice(0, 1 + (flags & 1)), real("d", x.shape));
  },
);

patternTest(
  "the sums of normalised channels are computed from the centred images",
  channelSumsPattern,
  (m, k, n, flags) => {
    const { x, normal } = normalizedImages(m, k, n);
    const d = real("d", x.shape);
    const product = (flags & 1) > 0 ? mul(d, normal) : mul(normal, d);
    const options = { axes: [0, 2, 3], keep: (flags & 2) > 0 };
    return [
      reduceSum(product, options),
      reduceSum(d, options),
      reduceSum(mul(normal, normal), options),
    ];
  },
);

Deno.test("sums of a channel in two shapes are computed once", () => {
  const d = real("d", [2, 3, 4, 5]);
  const sums = [true, false].map((keep) => reduceSum(d, { axes: [0, 2, 3], keep }));
  const builder = new GraphBuilder();
  emit(sums, [channelSumsPattern], () => builder);
  assert.deepEqual(builder.build("g", [], []).node.map(({ opType }) => opType).sort(), [
    "ReduceSum",
    "Reshape",
  ]);
});

Deno.test("values that are normalised or summed over other axes stay", () => {
  const [x, d] = [real("x", [2, 3, 4, 5]), real("d", [2, 3, 4, 5])];
  for (const axes of [[0], [2, 3], [1, 2, 3], [0, 1, 2, 3]]) {
    const normal = normalize(x, { axes, epsilon: 0.01 });
    assert.ok(
      !matchesPattern(channelSumsPattern, reduceSum(mul(d, normal), { axes })),
      axes.join(),
    );
    const [slope] = gradients(normal, [x], d);
    assert.ok(!matchesPattern(channelNormalizeGradPattern, slope!), axes.join());
  }
});
