import { FlwrError } from "../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../base/option_names.ts";
import { conv, type ConvolutionOptions } from "../graph/convolution.ts";
import { add } from "../graph/elementwise.ts";
import { type Pair, pair } from "../graph/geometry.ts";
import { reshape } from "../graph/movement.ts";
import { showShape } from "../graph/shape.ts";
import { fanInUniform } from "./initializer.ts";
import { type Initializer, type Layer, layer, type LayerOptions } from "./layer.ts";
import { paddingHints, requireLength, requirePair } from "./lengths.ts";

const CONV1D_NAMES: OptionNames<Conv1dOptions> = {
  in: true,
  out: true,
  kernel: true,
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
  bias: true,
  initializer: true,
  name: true,
};
const CONV2D_NAMES: OptionNames<Conv2dOptions> = CONV1D_NAMES;
const DEPTHWISE_NAMES: OptionNames<DepthwiseConv2dOptions> = {
  in: true,
  multiplier: true,
  kernel: true,
  stride: true,
  padding: true,
  dilation: true,
  bias: true,
  initializer: true,
  name: true,
};
/** Hints for names of PyTorch and Keras. */
const ELSEWHERE = {
  in_channels: "Use the option in",
  out_channels: "Use the option out",
  filters: "Use the option out",
  kernel_size: "Use the option kernel",
  kernelSize: "Use the option kernel",
  strides: "Use the option stride",
  dilation_rate: "Use the option dilation",
  dilationRate: "Use the option dilation",
  useBias: "Use the option bias",
  depth_multiplier: "Use the option multiplier",
};

/** Options of {@link conv2d}. */
export interface Conv2dOptions extends LayerOptions, ConvolutionOptions {
  /** Number of input channels (default: as many as the input has). */
  readonly in?: number;
  /** Number of output channels. */
  readonly out: number;
  /** Size of the kernels: one number or [height, width]. */
  readonly kernel: number | Pair;
  /** Whether a bias is added to each channel (default true). */
  readonly bias?: boolean;
  /** Initial weights (default: PyTorch's, uniform within ±1/√(fan in)). */
  readonly initializer?: Initializer;
}

/**
 * 2D convolution: float32 [batch, in, height, width] → [batch, out, height', width'] with height' = ⌊(height + 2
 * padding − dilation (kernel − 1) − 1) / stride⌋ + 1, width' likewise. Parameters as in PyTorch's nn.Conv2d: `weight`
 * [out, in / groups, kernel height, kernel width], `bias` [out].
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export function conv2d(options: Conv2dOptions): Layer {
  checkOptionNames("conv2d", options, CONV2D_NAMES, ELSEWHERE);
  requireLength("conv2d", "out", options.out);
  checkWalk("conv2d", options);
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
 * Convolution of each channel with its own kernels: float32 [batch, in, height, width] → [batch, in · multiplier,
 * height', width']. It is {@link conv2d} with as many groups as channels. Parameters `weight` [in · multiplier, 1,
 * kernel height, kernel width], `bias` [in · multiplier].
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export function depthwiseConv2d(options: DepthwiseConv2dOptions): Layer {
  checkOptionNames("depthwiseConv2d", options, DEPTHWISE_NAMES, ELSEWHERE);
  const { multiplier = 1, ...others } = options;
  requireLength("depthwiseConv2d", "multiplier", multiplier);
  checkWalk("depthwiseConv2d", options);
  return layer("depthwiseConv2d", (x, scope) => {
    const groups = options.in ?? x.shape[1] ?? 1;
    return conv2d({ ...others, groups, out: groups * multiplier }).apply(x, scope);
  }, options);
}

/** Options of {@link conv1d}. */
export interface Conv1dOptions extends LayerOptions {
  /** Number of input channels (default: as many as the input has). */
  readonly in?: number;
  /** Number of output channels. */
  readonly out: number;
  /** Length of the kernels, in steps. */
  readonly kernel: number;
  /** Step between positions (default 1). */
  readonly stride?: number;
  /** Zeros added on each side, in steps (default 0). */
  readonly padding?: number;
  /** Distance between the elements of the kernel, in steps (default 1). */
  readonly dilation?: number;
  /** Number of groups of channels that are convolved separately (default 1). */
  readonly groups?: number;
  /** Whether a bias is added to each channel (default true). */
  readonly bias?: boolean;
  /** Initial weights (default: PyTorch's, uniform within ±1/√(fan in)). */
  readonly initializer?: Initializer;
}

/**
 * Convolution along one axis, such as time: float32 [batch, in, length] → [batch, out, length'] with length' = ⌊(length
 * + 2 padding − dilation (kernel − 1) − 1) / stride⌋ + 1. Parameters as in PyTorch's nn.Conv1d: `weight` [out, in /
 * groups, kernel], `bias` [out].
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export function conv1d(options: Conv1dOptions): Layer {
  checkOptionNames("conv1d", options, CONV1D_NAMES, ELSEWHERE);
  const { out, kernel, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  requireLength("conv1d", "out", out);
  requireLength("conv1d", "kernel", kernel);
  requireLength("conv1d", "stride", stride);
  requireLength("conv1d", "padding", padding, { least: 0, hints: paddingHints(padding) });
  requireLength("conv1d", "dilation", dilation);
  requireChannels("conv1d", options);
  return layer("conv1d", (x, scope) => {
    const channels = options.in ?? x.shape[1];
    if (x.shape.length !== 3 || channels === undefined || x.shape[1] !== channels) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, ${options.in ?? "channels"}, length]: ` +
          `got ${showShape(x.shape)}`,
        { hints: seriesHints(x.shape, options.in) },
      );
    }
    requireGroups(groups, channels, out);
    const [, , length] = x.shape as [number, number, number];
    const window = dilation * (kernel - 1) + 1;
    if (window > length + 2 * padding) {
      throw new FlwrError(
        "invalid-argument",
        `The kernel spans ${window} steps (kernel ${kernel}, dilation ${dilation}), and the input ` +
          `has ${length} (padding ${padding})`,
        { hints: ["Choose a smaller kernel or dilation, more padding, or a longer input"] },
      );
    }
    const fanIn = (channels / groups) * kernel;
    const shape = [out, channels / groups, kernel];
    const weight = scope.parameter("weight", shape, options.initializer ?? fanInUniform(fanIn));
    // Computed as an image of one row.
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

/** Hints for a time series in another layout. @param channels the option `in` */
function seriesHints(shape: readonly number[], channels: number | undefined): string[] {
  if (shape.length === 2) {
    return [`Put reshape([1, ${shape[1]}]) before it for a series of one channel`];
  }
  if (shape.length === 3 && channels !== undefined && shape[2] === channels) {
    return ["Put the channels before the steps: ops.transpose(x, [0, 2, 1])"];
  }
  return [];
}

/** Checks the options of a 2D convolution other than its channels. */
function checkWalk(kind: string, options: Omit<Conv2dOptions, "out">): void {
  const { kernel, stride = 1, padding = 0, dilation = 1 } = options;
  requirePair(kind, "kernel", kernel);
  requirePair(kind, "stride", stride);
  requirePair(kind, "padding", padding, { least: 0, hints: paddingHints(padding) });
  requirePair(kind, "dilation", dilation);
  requireChannels(kind, options);
}

function requireChannels(
  kind: string,
  options: { readonly in?: number; readonly groups?: number },
) {
  if (options.in !== undefined) requireLength(kind, "in", options.in);
  if (options.groups !== undefined) requireLength(kind, "groups", options.groups);
}

function requireGroups(groups: number, channels: number, out: number): void {
  const [what, count] = channels % groups !== 0 ? ["the input's channels", channels] : ["out", out];
  if (count % groups === 0) return;
  throw new FlwrError(
    "invalid-argument",
    `Option groups must divide ${what}: got ${groups} groups, and ${count} channels`,
  );
}
