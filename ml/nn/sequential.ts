import { FlwrError } from "../../base/error.ts";
import type { Layer, LayerOptions } from "./layer.ts";

/**
 * Applies layers one after another. Layers without a name are named by their position, as in PyTorch's nn.Sequential:
 * the weight of the first is `0.weight`.
 *
 * @throws FlwrError "invalid-argument" when an argument is not a layer
 */
export function sequential(...layers: readonly Layer[]): Layer {
  return sequentialWith({}, ...layers);
}

/** {@link sequential} with a name. */
export function sequentialWith(options: LayerOptions, ...layers: readonly Layer[]): Layer {
  const wrong = layers.findIndex((layer) =>
    // Functions have an "apply" as well.
    typeof layer !== "object" || typeof layer?.apply !== "function"
  );
  if (wrong !== -1) {
    const isList = Array.isArray(layers[wrong]);
    throw new FlwrError(
      "invalid-argument",
      `Layer ${wrong} of sequential is ${isList ? "a list" : `of type ${typeof layers[wrong]}`}`,
      {
        hints: [
          isList
            ? "Write the layers one by one: sequential(first, second), or sequential(...list)"
            : "Call the function that makes the layer: relu(), for example",
        ],
      },
    );
  }
  return {
    kind: "sequential",
    name: options.name,
    apply: (x, scope) => layers.reduce((value, layer) => scope.apply(layer, value), x),
  };
}
