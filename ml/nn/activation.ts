import * as ops from "../graph/elementwise.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** max(x, 0). */
export function relu(options: LayerOptions = {}): Layer {
  return layer("relu", (x) => ops.relu(x), options);
}
