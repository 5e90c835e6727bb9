import * as ops from "../graph/elementwise.ts";
import { softmax as softmaxOf } from "../graph/reduce.ts";
import type { Value } from "../graph/value.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** max(x, 0). */
export function relu(options: LayerOptions = {}): Layer {
  return layer("relu", (x) => ops.relu(x), options);
}

/** x where it is positive, else slope · x (default 0.01). */
export function leakyRelu(options: LayerOptions & { readonly slope?: number } = {}): Layer {
  const slope = options.slope ?? 0.01;
  return layer(
    "leakyRelu",
    (x) => ops.add(ops.mul(ops.relu(x), 1 - slope), ops.mul(x, slope)),
    options,
  );
}

function geluOf(x: Value): Value {
  return ops.mul(ops.mul(x, 0.5), ops.add(ops.erf(ops.mul(x, Math.SQRT1_2)), 1));
}

/** x · Φ(x), Φ being the normal distribution (Hendrycks and Gimpel, 2016), by the error function. */
export function gelu(options: LayerOptions = {}): Layer {
  return layer("gelu", geluOf, options);
}

/** x · sigmoid(x), also called swish. */
export function silu(options: LayerOptions = {}): Layer {
  return layer("silu", (x) => ops.mul(x, ops.sigmoid(x)), options);
}

/** The hyperbolic tangent. */
export function tanh(options: LayerOptions = {}): Layer {
  return layer("tanh", (x) => ops.tanh(x), options);
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(options: LayerOptions = {}): Layer {
  return layer("sigmoid", (x) => ops.sigmoid(x), options);
}

/** eˣ / Σ eˣ along an axis (default: the last). Cross-entropy wants logits: do not put it before that. */
export function softmax(options: LayerOptions & { readonly axis?: number } = {}): Layer {
  return layer("softmax", (x) => softmaxOf(x, options.axis ?? -1), options);
}
