import { FlwrError } from "../../base/error.ts";
import { blockedShape, imageShape } from "./blocks.ts";
import {
  type ConvolutionGeometry,
  outputSize,
  type Pair,
  pair,
  type PoolGeometry,
} from "./geometry.ts";
import { requireSameType, showShape } from "./shape.ts";
import { node, type Value } from "./value.ts";

/** Options of convolutions: one number for both axes, or [height, width]. */
export interface ConvolutionOptions {
  /** Step between positions, in pixels (default 1). */
  readonly stride?: number | Pair;
  /** Zeros added on each side, in pixels (default 0). */
  readonly padding?: number | Pair;
  /** Distance between the elements of the kernel, in pixels (default 1). */
  readonly dilation?: number | Pair;
  /** Number of groups of channels that are convolved separately (default 1). */
  readonly groups?: number;
}

/**
 * Cross-correlation of x [b, c, h, w] with kernels w [o, c/groups, kh, kw], like PyTorch's conv2d.
 *
 * @throws FlwrError "invalid-argument" when the channels do not fit or the kernel is larger than the padded input
 */
export function conv(x: Value, w: Value, options: ConvolutionOptions = {}): Value {
  requireSameType("conv", x, w);
  const groups = options.groups ?? 1;
  const [, channels, height, width] = x.shape;
  const [filters, perGroup, kernelHeight, kernelWidth] = w.shape;
  const fits = x.shape.length === 4 && w.shape.length === 4 && channels === perGroup! * groups &&
    filters! % groups === 0;
  if (!fits) {
    throw new FlwrError(
      "invalid-argument",
      `A convolution with kernels ${showShape(w.shape)} in ${groups} groups needs an input ` +
        `[batch, ${perGroup! * groups}, height, width]: got ${showShape(x.shape)}`,
    );
  }
  return convolve(x, w, {
    input: [height!, width!],
    kernel: [kernelHeight!, kernelWidth!],
    stride: pair(options.stride ?? 1),
    padding: pair(options.padding ?? 0),
    dilation: pair(options.dilation ?? 1),
    groups,
  });
}

/** Like {@link conv}, with a valid geometry: x and the result are in blocks of channels if the geometry has them. */
export function convolve(x: Value, w: Value, geometry: ConvolutionGeometry): Value {
  const images = [x.shape[0]!, w.shape[0]!, ...outputSize(geometry)];
  return node("conv", { geometry }, [x, w], blockedShape(images, geometry.block), x.dtype);
}

/** The adjoint of conv in its input: d [b, o, oh, ow], w [o, c/groups, kh, kw] → [b, c, h, w]. */
export function convInputGrad(d: Value, w: Value, geometry: ConvolutionGeometry): Value {
  const images = [d.shape[0]!, w.shape[1]! * geometry.groups, ...geometry.input];
  const shape = blockedShape(images, geometry.block);
  return node("convInputGrad", { geometry }, [d, w], shape, d.dtype);
}

/** The adjoint of conv in its kernels: x [b, c, h, w], d [b, o, oh, ow] → [o, c/groups, kh, kw]. */
export function convWeightGrad(x: Value, d: Value, geometry: ConvolutionGeometry): Value {
  const [filters, channels] = [imageShape(d.shape)[1]!, imageShape(x.shape)[1]!];
  const shape = [filters, channels / geometry.groups, ...geometry.kernel];
  return node("convWeightGrad", { geometry }, [x, d], shape, x.dtype);
}

/** Options of pools. */
export interface PoolOptions {
  /** Step between windows, in pixels (default: the size of the window, as in PyTorch). */
  readonly stride?: number | Pair;
  /** Padding on each side, in pixels (default 0). */
  readonly padding?: number | Pair;
}

/** The geometry of a pool over x [b, c, h, w]. */
export function poolGeometry(
  x: Value,
  kernel: number | Pair,
  options: PoolOptions,
): PoolGeometry {
  if (x.shape.length !== 4) {
    throw new FlwrError(
      "invalid-argument",
      `Pooling needs an input [batch, channels, height, width]: got ${showShape(x.shape)}`,
    );
  }
  const window = pair(kernel);
  const padding = pair(options.padding ?? 0);
  if (padding[0] * 2 > window[0] || padding[1] * 2 > window[1]) {
    throw new FlwrError(
      "invalid-argument",
      `Padding of a pool may be at most half its window [${window}]: got [${padding}]`,
    );
  }
  return {
    input: [x.shape[2]!, x.shape[3]!],
    kernel: window,
    stride: pair(options.stride ?? kernel),
    padding,
  };
}

/**
 * The maximum of each window of x [b, c, h, w].
 *
 * @throws FlwrError "invalid-argument" when the window does not fit
 */
export function maxPool(x: Value, kernel: number | Pair, options: PoolOptions = {}): Value {
  const geometry = poolGeometry(x, kernel, options);
  const shape = [x.shape[0]!, x.shape[1]!, ...outputSize(geometry)];
  return node("maxPool", { geometry }, [x], shape, x.dtype);
}

/**
 * The mean of each window of x [b, c, h, w]; padding counts as zeros, as in PyTorch.
 *
 * @throws FlwrError "invalid-argument" when the window does not fit
 */
export function avgPool(x: Value, kernel: number | Pair, options: PoolOptions = {}): Value {
  const geometry = poolGeometry(x, kernel, options);
  const shape = [x.shape[0]!, x.shape[1]!, ...outputSize(geometry)];
  return node("avgPool", { geometry }, [x], shape, x.dtype);
}

/** The adjoint of avgPool: divides each number of d [b, c, oh, ow] evenly over its window, [b, c, h, w]. */
export function avgPoolGrad(d: Value, geometry: PoolGeometry): Value {
  const shape = [d.shape[0]!, d.shape[1]!, ...geometry.input];
  return node("avgPoolGrad", { geometry }, [d], shape, d.dtype);
}

/** The adjoint of maxPool: d [b, c, oh, ow] at the first maximum of each window, added where windows overlap. */
export function maxPoolGrad(x: Value, d: Value, geometry: PoolGeometry): Value {
  return node("maxPoolGrad", { geometry }, [x, d], x.shape, x.dtype);
}
