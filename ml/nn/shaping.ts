import { elementCount } from "../../tensor/tensor.ts";
import { reshape as reshaped } from "../graph/movement.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** Merges all axes but the first: [batch, …] → [batch, features], of any dtype. */
export function flatten(options: LayerOptions = {}): Layer {
  return layer(
    "flatten",
    (x) => reshaped(x, [x.shape[0]!, elementCount(x.shape.slice(1))]),
    options,
  );
}

/** Changes the shape after the batch axis: [batch, …] → [batch, …shape], of any dtype; one length may be −1. */
export function reshape(shape: readonly number[], options: LayerOptions = {}): Layer {
  return layer("reshape", (x) => reshaped(x, [x.shape[0]!, ...shape]), options);
}
