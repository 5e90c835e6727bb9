import { FlwrError } from "../../base/error.ts";
import { avgPool, maxPool, type PoolOptions } from "../graph/convolution.ts";
import type { Pair } from "../graph/geometry.ts";
import { reduceMax, reduceMean } from "../graph/reduce.ts";
import { showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/**
 * The maximum of each window: [batch, channels, height, width] → [batch, channels, height', width'], float32.
 *
 * @param kernel size of the window, which by default also is the stride: one number or [height, width]
 */
export function maxPool2d(kernel: number | Pair, options: PoolOptions & LayerOptions = {}): Layer {
  return layer("maxPool2d", (x) => maxPool(x, kernel, options), options);
}

/**
 * The mean of each window: [batch, channels, height, width] → [batch, channels, height', width'], float32. Padding
 * counts as zeros, as in PyTorch.
 *
 * @param kernel size of the window, which by default also is the stride: one number or [height, width]
 */
export function avgPool2d(kernel: number | Pair, options: PoolOptions & LayerOptions = {}): Layer {
  return layer("avgPool2d", (x) => avgPool(x, kernel, options), options);
}

/** The mean of each channel: [batch, channels, …] → [batch, channels], float32. */
export function globalAvgPool(options: LayerOptions = {}): Layer {
  return layer("globalAvgPool", (x) => reduceMean(x, { axes: behindChannels(x) }), options);
}

/** The maximum of each channel: [batch, channels, …] → [batch, channels], float32. */
export function globalMaxPool(options: LayerOptions = {}): Layer {
  return layer("globalMaxPool", (x) => reduceMax(x, { axes: behindChannels(x) }), options);
}

function behindChannels({ shape }: Value): number[] {
  if (shape.length < 3) {
    throw new FlwrError(
      "invalid-argument",
      `The input must have the shape [batch, channels, …]: got ${showShape(shape)}`,
    );
  }
  return shape.map((_, axis) => axis).slice(2);
}
