import { FlwrError } from "../../base/error.ts";

/** Lengths along the height and the width. */
export type Pair = readonly [height: number, width: number];

/** How a convolution walks over its input, in elements. */
export interface ConvolutionGeometry {
  /** Height and width of the input. */
  readonly input: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Zeros on both sides of each axis. */
  readonly padding: Pair;
  readonly dilation: Pair;
  /** Groups that the channels are split into; input and output channels are multiples of it. */
  readonly groups: number;
  /**
   * Channels that lie together as the innermost axis of input and output (`blocks.ts`), an input of fewer channels
   * aside; left out, they are [batch, channels, height, width]. The kernels have the same shape either way.
   */
  readonly block?: number;
}

/** How a pooling window walks over its input, in elements. Windows that would stick out at the end are left out. */
export interface PoolGeometry {
  readonly input: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Elements, never chosen, on both sides of each axis. */
  readonly padding: Pair;
}

/** A pair from one number or two. */
export function pair(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}

/** How far a kernel reaches: 1 + (kernel − 1) · dilation, on each axis. */
export function reach(kernel: Pair, dilation: Pair): Pair {
  return [(kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1];
}

/**
 * Height and width of what a walk yields: ⌊(input + 2·padding − reach) / stride⌋ + 1.
 *
 * @throws FlwrError "invalid-argument" when a number is no positive length or the window is larger than the input
 */
export function outputSize(
  geometry: PoolGeometry & { readonly dilation?: Pair },
): Pair {
  const { input, kernel, stride, padding, dilation = [1, 1] } = geometry;
  const wrong =
    [...kernel, ...stride, ...dilation].some((n) => !Number.isSafeInteger(n) || n < 1) ||
    padding.some((n) => !Number.isSafeInteger(n) || n < 0);
  if (wrong) {
    throw new FlwrError(
      "invalid-argument",
      `Kernel, stride and dilation must be positive integers and padding not negative: ` +
        `got kernel [${kernel}], stride [${stride}], dilation [${dilation}], padding [${padding}]`,
    );
  }
  const window = reach(kernel, dilation);
  const size = (axis: 0 | 1) =>
    Math.floor((input[axis] + 2 * padding[axis] - window[axis]) / stride[axis]) + 1;
  const output: Pair = [size(0), size(1)];
  if (output[0] < 1 || output[1] < 1) {
    throw new FlwrError(
      "invalid-argument",
      `A window of [${window}] does not fit into [${input}] with padding [${padding}]`,
    );
  }
  return output;
}
