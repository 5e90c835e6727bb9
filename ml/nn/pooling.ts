import { FlwrError } from "../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../base/option_names.ts";
import { avgPool, maxPool, type PoolOptions } from "../graph/convolution.ts";
import type { Pair } from "../graph/geometry.ts";
import { reduceMax, reduceMean } from "../graph/reduce.ts";
import { showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";
import { paddingHints, requirePair } from "./lengths.ts";

/**
 * The maximum of each window: float32 [batch, channels, height, width] → [batch, channels, height', width'].
 *
 * @param kernel size of the window, and by default its stride: one number or [height, width]
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export function maxPool2d(kernel: number | Pair, options: PoolOptions & LayerOptions = {}): Layer {
  checkPool("maxPool2d", kernel, options);
  return layer("maxPool2d", (x) => maxPool(x, kernel, options), options);
}

/**
 * The mean of each window: float32 [batch, channels, height, width] → [batch, channels, height', width']. Padding
 * counts as zeros, as in PyTorch.
 *
 * @param kernel size of the window, and by default its stride: one number or [height, width]
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export function avgPool2d(kernel: number | Pair, options: PoolOptions & LayerOptions = {}): Layer {
  checkPool("avgPool2d", kernel, options);
  return layer("avgPool2d", (x) => avgPool(x, kernel, options), options);
}

/** The mean of each channel: float32 [batch, channels, …] → [batch, channels]. */
export function globalAvgPool(options: LayerOptions = {}): Layer {
  return layer("globalAvgPool", (x) => reduceMean(x, { axes: behindChannels(x) }), options);
}

/** The maximum of each channel: float32 [batch, channels, …] → [batch, channels]. */
export function globalMaxPool(options: LayerOptions = {}): Layer {
  return layer("globalMaxPool", (x) => reduceMax(x, { axes: behindChannels(x) }), options);
}

const NAMES: OptionNames<PoolOptions & LayerOptions> = { stride: true, padding: true, name: true };

function checkPool(kind: string, kernel: number | Pair, options: PoolOptions & LayerOptions): void {
  requirePair(kind, "kernel", kernel);
  checkOptionNames(kind, options, NAMES, { strides: "Use the option stride" });
  const { stride, padding } = options;
  if (stride !== undefined) requirePair(kind, "stride", stride);
  if (padding === undefined) return;
  requirePair(kind, "padding", padding, { least: 0, hints: paddingHints(padding) });
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
