import { elementCount } from "../../tensor/tensor.ts";
import { reshape } from "../graph/movement.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** All axes but the first made one: [batch, …] → [batch, features]. */
export function flatten(options: LayerOptions = {}): Layer {
  return layer(
    "flatten",
    (x) => reshape(x, [x.shape[0]!, elementCount(x.shape.slice(1))]),
    options,
  );
}
