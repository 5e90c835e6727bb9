import { FlwrError } from "../../base/error.ts";

/** Lengths along height and width. */
export type Pair = readonly [height: number, width: number];

/** The geometry of a convolution: sizes and distances, in elements. */
export interface ConvolutionGeometry {
  /** Height and width of the input. */
  readonly input: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Zeros added on both sides of each axis. */
  readonly padding: Pair;
  readonly dilation: Pair;
  /** Number of groups of channels; input and output channels are multiples of it. */
  readonly groups: number;
  /**
   * Block size if input and output are in blocks of channels (`blocks.ts`), except for an input with fewer channels.
   * Undefined if they are [batch, channels, height, width]. The kernels have the same shape either way.
   */
  readonly block?: number;
}

/** The geometry of a pooling window, in elements. Windows that would extend beyond the end are left out. */
export interface PoolGeometry {
  readonly input: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Elements added on both sides of each axis; they are never the maximum. */
  readonly padding: Pair;
}

/** A pair from one number or two. */
export function pair(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}

/** The extent of a dilated kernel: 1 + (kernel − 1) · dilation, on each axis. */
export function reach(kernel: Pair, dilation: Pair): Pair {
  return [(kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1];
}

/**
 * Height and width of a result: ⌊(input + 2·padding − reach) / stride⌋ + 1.
 *
 * @throws FlwrError "invalid-argument" when a number is not a positive length or the window is larger than the input
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
