import { add } from "../graph/elementwise.ts";
import { concat } from "../graph/movement.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link residual}. */
export interface ResidualOptions extends LayerOptions {
  /**
   * Layer on the other path. Its output must have the shape of the inner layer's output (default: the input,
   * unchanged).
   */
  readonly shortcut?: Layer;
}

/**
 * A residual connection (He et al., 2016): x + inner(x), or shortcut(x) + inner(x), float32 [batch, …]. Layers without
 * a name are named `shortcut` and `inner`.
 */
export function residual(inner: Layer, options: ResidualOptions = {}): Layer {
  const { shortcut } = options;
  return layer("residual", (x, scope) => {
    const around = shortcut === undefined ? x : scope.apply(shortcut, x, "shortcut");
    return add(around, scope.apply(inner, x, "inner"));
  }, options);
}

/**
 * Applies several layers to the same input and joins their outputs along an axis (default 1, the channels): float32
 * [batch, channels, …] → [batch, sum of their channels, …]. Layers without a name are named by their position.
 */
export function parallel(
  layers: readonly Layer[],
  options: LayerOptions & { readonly axis?: number } = {},
): Layer {
  return layer(
    "parallel",
    (x, scope) => concat(layers.map((part) => scope.apply(part, x)), options.axis ?? 1),
    options,
  );
}
