import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { add, fill, less, mul, where } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { reshape, slice, transpose } from "../graph/movement.ts";
import { softmax } from "../graph/reduce.ts";
import { showShape } from "../graph/shape.ts";
import { constant, type Value } from "../graph/value.ts";
import { affine } from "./dense.ts";
import { dropValues } from "./dropout.ts";
import { fanInUniform, filled, xavier } from "./initializer.ts";
import { type Layer, layer, type LayerOptions, type Scope } from "./layer.ts";

/** Masks of the positions that each position may attend to. */
export interface AttentionMasks {
  /** Whether a position sees only itself and earlier positions (default false). */
  readonly causal?: boolean;
  /**
   * Further positions to see: bool, true where a position is seen, broadcast to [batch, heads, queries, keys] by
   * numpy's rule. To hide padding, use a mask [batch, 1, 1, keys].
   */
  readonly mask?: Value;
}

/** Options of {@link multiHeadAttention}. */
export interface AttentionOptions extends LayerOptions, AttentionMasks {
  /** Number of heads that the width is divided among; must divide the width. */
  readonly heads: number;
  /** The array to attend to, float32 [batch, keys, width] (default: the input itself, which is self-attention). */
  readonly memory?: Value;
  /** Probability of dropping an attention weight in training, from 0 to below 1 (default 0). */
  readonly dropout?: number;
  /** Whether the projections have a bias (default true). */
  readonly bias?: boolean;
}

/** Replaces −∞ for hidden scores: its exponential is 0 in float32, and it causes no NaN. */
const HIDDEN = -1e9;

function causalMask(queries: number, keys: number): Value {
  const positions = (length: number, shape: number[]) =>
    constant(tensor("int64", shape, BigInt64Array.from({ length }, (_, i) => BigInt(i))));
  const next = add(positions(queries, [queries, 1]), fill(1, "int64"));
  return less(positions(keys, [1, keys]), next);
}

/**
 * Scaled dot-product attention (Vaswani et al., 2017): softmax(q kᵀ / √depth) v.
 *
 * @param query float32 [batch, heads, queries, depth]
 * @param key float32 [batch, heads, keys, depth]
 * @param value float32 [batch, heads, keys, depth]
 * @param drop applied to the weights [batch, heads, queries, keys], such as dropout
 * @returns float32 [batch, heads, queries, depth]
 */
export function attend(
  query: Value,
  key: Value,
  value: Value,
  masks: AttentionMasks = {},
  drop: (weights: Value) => Value = (weights) => weights,
): Value {
  const turned = transpose(key, [0, 1, 3, 2]);
  let scores = matmul(mul(query, 1 / Math.sqrt(query.shape[3]!)), turned);
  const hide = (seen: Value) => scores = where(seen, scores, fill(HIDDEN, "float32"));
  if (masks.causal) hide(causalMask(query.shape[2]!, key.shape[2]!));
  if (masks.mask !== undefined) hide(masks.mask);
  return matmul(drop(softmax(scores)), value);
}

/** [batch, length, parts · width] → parts × [batch, heads, length, depth]. */
function splitHeads(x: Value, parts: number, heads: number): Value[] {
  const [batch, length, full] = x.shape as [number, number, number];
  const depth = full / parts / heads;
  // Four axes instead of five with separate parts: ONNX Runtime divides such a transpose among threads.
  const apart = transpose(reshape(x, [batch, length, parts * heads, depth]), [0, 2, 1, 3]);
  return Array.from(
    { length: parts },
    (_, part) => slice(apart, [0, part * heads, 0, 0], [batch, (part + 1) * heads, length, depth]),
  );
}

function rows(matrix: Value, from: number, to: number): Value {
  const rest = matrix.shape.slice(1);
  return slice(matrix, [from, ...rest.map(() => 0)], [to, ...rest]);
}

/** Query, key and value from the input and the memory, with one matrix for all three as in PyTorch. */
function project(x: Value, options: AttentionOptions, scope: Scope): Value[] {
  const { heads, memory } = options;
  const width = x.shape[2]!;
  const weight = scope.parameter("in_proj_weight", [3 * width, width], xavier());
  const bias = options.bias === false
    ? undefined
    : scope.parameter("in_proj_bias", [3 * width], filled(0));
  if (memory === undefined) return splitHeads(affine(x, weight, bias), 3, heads);
  const part = (from: number, to: number) =>
    [
      rows(weight, from * width, to * width),
      bias && rows(bias, from * width, to * width),
    ] as const;
  return [
    ...splitHeads(affine(x, ...part(0, 1)), 1, heads),
    ...splitHeads(affine(memory, ...part(1, 3)), 2, heads),
  ];
}

function requireShapes(x: Value, { heads, memory }: AttentionOptions): void {
  const [batch, , width] = x.shape;
  if (x.shape.length !== 3 || width! % heads !== 0) {
    throw new FlwrError(
      "invalid-argument",
      `The input must have the shape [batch, length, width] with a width in ${heads} heads: ` +
        `got ${showShape(x.shape)}`,
    );
  }
  if (memory === undefined) return;
  const fits = memory.shape.length === 3 && memory.shape[0] === batch && memory.shape[2] === width;
  if (!fits) {
    throw new FlwrError(
      "invalid-argument",
      `The memory for an input ${showShape(x.shape)} must have the shape ` +
        `[${batch}, keys, ${width}]: got ${showShape(memory.shape)}`,
    );
  }
}

/**
 * Multi-head attention (Vaswani et al., 2017): float32 [batch, length, width] → the same. Parameters as in PyTorch's
 * nn.MultiheadAttention: `in_proj_weight` [3 width, width], `in_proj_bias` [3 width], `out_proj.weight` [width, width],
 * `out_proj.bias` [width].
 *
 * Masks and memory are symbolic arrays, so create a layer with them where they exist: `scope.apply(multiHeadAttention({
 * name: "attention", heads: 4, mask }), x)`.
 */
export function multiHeadAttention(options: AttentionOptions): Layer {
  return layer("multiHeadAttention", (x, scope) => {
    requireShapes(x, options);
    const width = x.shape[2]!;
    const [query, key, value] = project(x, options, scope) as [Value, Value, Value];
    const drop = (weights: Value) => dropValues(weights, options.dropout ?? 0, scope);
    const mixed = attend(query, key, value, options, drop);
    const output = scope.within("out_proj");
    const weight = output.parameter("weight", [width, width], fanInUniform(width));
    const bias = options.bias === false ? undefined : output.parameter("bias", [width], filled(0));
    return affine(reshape(transpose(mixed, [0, 2, 1, 3]), x.shape), weight, bias);
  }, options);
}
