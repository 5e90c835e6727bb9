import { add } from "../graph/elementwise.ts";
import { concat } from "../graph/movement.ts";
import { applyLayer, type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link residual}. */
export interface ResidualOptions extends LayerOptions {
  /** What the input goes through on its way around (default: nothing), named "shortcut". */
  readonly shortcut?: Layer;
}

/** x + inner(x), or shortcut(x) + inner(x): a residual connection (He et al., 2016). */
export function residual(inner: Layer, options: ResidualOptions = {}): Layer {
  const { shortcut } = options;
  return layer("residual", (x, scope) => {
    const around = shortcut === undefined
      ? x
      : applyLayer(shortcut, x, scope.within(shortcut.name ?? "shortcut"));
    return add(around, applyLayer(inner, x, scope.within(inner.name ?? "inner")));
  }, options);
}

/** Several layers on the same input, their outputs joined along an axis (default 1, the channels). */
export function parallel(
  layers: readonly Layer[],
  options: LayerOptions & { readonly axis?: number } = {},
): Layer {
  return layer("parallel", (x, scope) => {
    const outputs = layers.map((part, i) =>
      applyLayer(part, x, scope.within(part.name ?? String(i)))
    );
    return concat(outputs, options.axis ?? 1);
  }, options);
}
