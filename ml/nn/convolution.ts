import { FlwrError } from "../../base/error.ts";
import { conv, type ConvolutionOptions } from "../graph/convolution.ts";
import { add } from "../graph/elementwise.ts";
import { type Pair, pair } from "../graph/geometry.ts";
import { reshape } from "../graph/movement.ts";
import { showShape } from "../graph/shape.ts";
import { fanInUniform } from "./initializer.ts";
import { type Initializer, type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link conv2d}. */
export interface Conv2dOptions extends LayerOptions, ConvolutionOptions {
  /** Input channels (default: whatever the input has). */
  readonly in?: number;
  /** Output channels. */
  readonly out: number;
  /** Size of the kernels: one number or [height, width]. */
  readonly kernel: number | Pair;
  /** Whether a bias is added to each channel (default true). */
  readonly bias?: boolean;
  /** First values of the weight (default: PyTorch's, uniform within ±1/√(fan in)). */
  readonly initializer?: Initializer;
}

/**
 * Convolution, float32 [batch, in, height, width] → [batch, out, height', width'] with
 * height' = ⌊(height + 2 padding − dilation (kernel − 1) − 1) / stride⌋ + 1. Parameters as PyTorch's nn.Conv2d: `weight`
 * [out, in / groups, kernel height, kernel width], `bias` [out].
 */
export function conv2d(options: Conv2dOptions): Layer {
  return layer("conv2d", (x, scope) => {
    const groups = options.groups ?? 1;
    const channels = options.in ?? x.shape[1];
    if (x.shape.length !== 4 || channels === undefined || x.shape[1] !== channels) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, ${options.in ?? "channels"}, height, width]: ` +
          `got ${showShape(x.shape)}`,
      );
    }
    requireGroups(groups, channels, options.out);
    const kernel = pair(options.kernel);
    const fanIn = (channels / groups) * kernel[0] * kernel[1];
    const shape = [options.out, channels / groups, ...kernel];
    const initializer = options.initializer ?? fanInUniform(fanIn);
    const product = conv(x, scope.parameter("weight", shape, initializer), options);
    if (options.bias === false) return product;
    const bias = scope.parameter("bias", [options.out], fanInUniform(fanIn));
    return add(product, reshape(bias, [1, options.out, 1, 1]));
  }, options);
}

/** Options of {@link depthwiseConv2d}. */
export interface DepthwiseConv2dOptions extends Omit<Conv2dOptions, "out" | "groups"> {
  /** Output channels per input channel (default 1). */
  readonly multiplier?: number;
}

/**
 * Convolution of each channel by kernels of its own, float32 [batch, in, height, width] →
 * [batch, in · multiplier, height', width']: {@link conv2d} with as many groups as channels. Parameters `weight`
 * [in · multiplier, 1, kernel height, kernel width], `bias` [in · multiplier].
 */
export function depthwiseConv2d(options: DepthwiseConv2dOptions): Layer {
  return layer("depthwiseConv2d", (x, scope) => {
    const groups = options.in ?? x.shape[1] ?? 1;
    return conv2d({ ...options, groups, out: groups * (options.multiplier ?? 1) }).apply(x, scope);
  }, options);
}

/** Options of {@link conv1d}. */
export interface Conv1dOptions extends LayerOptions {
  /** Input channels (default: whatever the input has). */
  readonly in?: number;
  /** Output channels. */
  readonly out: number;
  /** Length of the kernels, in steps. */
  readonly kernel: number;
  /** Step between positions. Default: 1. */
  readonly stride?: number;
  /** Zeros on each side, in steps. Default: 0. */
  readonly padding?: number;
  /** Distance between the taps of the kernel, in steps. Default: 1. */
  readonly dilation?: number;
  /** Groups of channels that are convolved apart. Default: 1. */
  readonly groups?: number;
  /** Whether a bias is added to each channel (default true). */
  readonly bias?: boolean;
  /** First values of the weight (default: PyTorch's, uniform within ±1/√(fan in)). */
  readonly initializer?: Initializer;
}

/**
 * Convolution along one axis, such as time, float32 [batch, in, length] → [batch, out, length'] with
 * length' = ⌊(length + 2 padding − dilation (kernel − 1) − 1) / stride⌋ + 1. Parameters as PyTorch's nn.Conv1d: `weight`
 * [out, in / groups, kernel], `bias` [out].
 */
export function conv1d(options: Conv1dOptions): Layer {
  return layer("conv1d", (x, scope) => {
    const { out, kernel, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    const channels = options.in ?? x.shape[1];
    if (x.shape.length !== 3 || channels === undefined || x.shape[1] !== channels) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, ${options.in ?? "channels"}, length]: ` +
          `got ${showShape(x.shape)}`,
      );
    }
    requireGroups(groups, channels, out);
    const fanIn = (channels / groups) * kernel;
    const shape = [out, channels / groups, kernel];
    const weight = scope.parameter("weight", shape, options.initializer ?? fanInUniform(fanIn));
    // As a picture of one row.
    const row = conv(
      reshape(x, [x.shape[0]!, channels, 1, x.shape[2]!]),
      reshape(weight, [out, channels / groups, 1, kernel]),
      { stride: [1, stride], padding: [0, padding], dilation: [1, dilation], groups },
    );
    const product = reshape(row, [x.shape[0]!, out, row.shape[3]!]);
    if (options.bias === false) return product;
    const bias = scope.parameter("bias", [out], fanInUniform(fanIn));
    return add(product, reshape(bias, [1, out, 1]));
  }, options);
}

function requireGroups(groups: number, channels: number, out: number): void {
  if (channels % groups === 0 && out % groups === 0) return;
  throw new FlwrError(
    "invalid-argument",
    `Input and output channels must be multiples of ${groups} groups: got ${channels} and ${out}`,
  );
}
