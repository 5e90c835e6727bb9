import * as ops from "../graph/elementwise.ts";
import { logSoftmax as logSoftmaxOf, softmax as softmaxOf } from "../graph/reduce.ts";
import type { Value } from "../graph/value.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** max(x, 0) of each number; float32 of any shape → the same. */
export function relu(options: LayerOptions = {}): Layer {
  return layer("relu", (x) => ops.relu(x), options);
}

/** x where x is positive, else slope · x (default slope 0.01); float32 of any shape → the same. */
export function leakyRelu(options: LayerOptions & { readonly slope?: number } = {}): Layer {
  const slope = options.slope ?? 0.01;
  return layer(
    "leakyRelu",
    (x) => ops.add(ops.mul(ops.relu(x), 1 - slope), ops.mul(x, slope)),
    options,
  );
}

/** Options of {@link gelu}. */
export interface GeluOptions extends LayerOptions {
  /**
   * "tanh" replaces the normal distribution by (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, as GPT-2 does (default "none":
   * exact).
   */
  readonly approximate?: "none" | "tanh";
}

/** Φ(x) by the error function. */
function normalDistribution(x: Value): Value {
  return ops.mul(ops.add(ops.erf(ops.mul(x, Math.SQRT1_2)), 1), 0.5);
}

/** Φ(x), approximated. Because 1 + tanh(z) = 2 sigmoid(2z), a single function computes it. */
function nearlyNormalDistribution(x: Value): Value {
  const bend = ops.add(ops.mul(ops.mul(x, x), 0.044715), 1);
  return ops.sigmoid(ops.mul(ops.mul(x, bend), 2 * Math.sqrt(2 / Math.PI)));
}

/** x · Φ(x), where Φ is the normal distribution (Hendrycks and Gimpel, 2016); float32 of any shape → the same. */
export function gelu(options: GeluOptions = {}): Layer {
  const distribution = options.approximate === "tanh"
    ? nearlyNormalDistribution
    : normalDistribution;
  return layer("gelu", (x) => ops.mul(x, distribution(x)), options);
}

/** x · sigmoid(x), also called swish; float32 of any shape → the same. */
export function silu(options: LayerOptions = {}): Layer {
  return layer("silu", (x) => ops.mul(x, ops.sigmoid(x)), options);
}

/** The hyperbolic tangent of each number; float32 of any shape → the same. */
export function tanh(options: LayerOptions = {}): Layer {
  return layer("tanh", (x) => ops.tanh(x), options);
}

/** 1 / (1 + e⁻ˣ) of each number; float32 of any shape → the same. */
export function sigmoid(options: LayerOptions = {}): Layer {
  return layer("sigmoid", (x) => ops.sigmoid(x), options);
}

/**
 * eˣ / Σ eˣ along an axis (default: the last); float32 of any shape → the same. Cross-entropy expects logits: do not
 * put a softmax before it.
 */
export function softmax(options: LayerOptions & { readonly axis?: number } = {}): Layer {
  return layer("softmax", (x) => softmaxOf(x, options.axis ?? -1), options);
}

/**
 * x − log Σ eˣ along an axis (default: the last); float32 of any shape → the same. Cross-entropy expects logits: do not
 * put a logSoftmax before it.
 */
export function logSoftmax(options: LayerOptions & { readonly axis?: number } = {}): Layer {
  return layer("logSoftmax", (x) => logSoftmaxOf(x, options.axis ?? -1), options);
}
