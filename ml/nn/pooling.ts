import { conv, maxPool, poolGeometry, type PoolOptions } from "../graph/convolution.ts";
import { fill } from "../graph/elementwise.ts";
import type { Pair } from "../graph/geometry.ts";
import { reduceMax, reduceMean } from "../graph/reduce.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/**
 * The maximum of each window of [batch, channels, height, width].
 *
 * @param kernel size of the window, which by default also is the stride: one number or [height, width]
 */
export function maxPool2d(kernel: number | Pair, options: PoolOptions & LayerOptions = {}): Layer {
  return layer("maxPool2d", (x) => maxPool(x, kernel, options), options);
}

/**
 * The mean of each window of [batch, channels, height, width]; padding counts as zeros, as in PyTorch.
 *
 * @param kernel size of the window, which by default also is the stride: one number or [height, width]
 */
export function avgPool2d(kernel: number | Pair, options: PoolOptions & LayerOptions = {}): Layer {
  return layer("avgPool2d", (x) => {
    const { kernel: [height, width], stride, padding } = poolGeometry(x, kernel, options);
    const channels = x.shape[1]!;
    const weights = fill(1 / (height * width), "float32", [channels, 1, height, width]);
    return conv(x, weights, { stride, padding, groups: channels });
  }, options);
}

/** The mean of each channel: [batch, channels, …] → [batch, channels]. */
export function globalAvgPool(options: LayerOptions = {}): Layer {
  return layer("globalAvgPool", (x) => reduceMean(x, { axes: spatial(x.shape) }), options);
}

/** The maximum of each channel: [batch, channels, …] → [batch, channels]. */
export function globalMaxPool(options: LayerOptions = {}): Layer {
  return layer("globalMaxPool", (x) => reduceMax(x, { axes: spatial(x.shape) }), options);
}

function spatial(shape: readonly number[]): number[] {
  return shape.map((_, axis) => axis).slice(2);
}
