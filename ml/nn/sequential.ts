import type { Layer, LayerOptions } from "./layer.ts";

/**
 * Layers one after the other. Unnamed layers are named by their position, as in PyTorch's nn.Sequential: the weight of
 * the first is `0.weight`.
 */
export function sequential(...layers: readonly Layer[]): Layer {
  return sequentialWith({}, ...layers);
}

/** {@link sequential} with a name. */
export function sequentialWith(options: LayerOptions, ...layers: readonly Layer[]): Layer {
  return {
    kind: "sequential",
    name: options.name,
    apply: (x, scope) => layers.reduce((value, layer) => scope.apply(layer, value), x),
  };
}
