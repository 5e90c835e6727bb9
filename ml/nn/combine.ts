import { add } from "../graph/elementwise.ts";
import { concat } from "../graph/movement.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link residual}. */
export interface ResidualOptions extends LayerOptions {
  /** What the input goes through on its way around (default: nothing); it yields the shape that the inner layer does. */
  readonly shortcut?: Layer;
}

/**
 * x + inner(x), or shortcut(x) + inner(x): a residual connection (He et al., 2016) of float32 [batch, …]. Parts without
 * a name of their own are named `shortcut` and `inner`.
 */
export function residual(inner: Layer, options: ResidualOptions = {}): Layer {
  const { shortcut } = options;
  return layer("residual", (x, scope) => {
    const around = shortcut === undefined ? x : scope.apply(shortcut, x, "shortcut");
    return add(around, scope.apply(inner, x, "inner"));
  }, options);
}

/**
 * Several layers on the same input, their outputs joined along an axis (default 1, the channels): float32
 * [batch, channels, …] → [batch, sum of their channels, …]. Parts without a name are named by their position.
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
