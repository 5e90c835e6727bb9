import { FlwrError } from "../../../base/error.ts";
import { conv, convInputGrad } from "../../graph/convolution.ts";
import { add } from "../../graph/elementwise.ts";
import { type ConvolutionGeometry, outputSize, type Pair, reach } from "../../graph/geometry.ts";
import { pad, reshape, slice } from "../../graph/movement.ts";
import { sameShape, showShape } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";
import { asImage, isSymmetric, type Windows, windowsOf } from "./windows.ts";

/** Whether a bias is all zeros. Exporters that do not simplify write such a bias for convolutions without one. */
function isZero(value: Value): boolean {
  if (value.primitive !== "constant") return false;
  return (value.attributes.tensor.data as Float32Array).every((number) => number === 0);
}

function withBias(call: NodeCall, y: Value): Value {
  const bias = call.optional(2);
  if (bias === undefined || isZero(bias)) return y;
  return add(y, reshape(bias, [1, y.shape[1]!, 1, 1]));
}

function kernelOf(w: Value, x: Value): Pair {
  const [, , height, width] = w.shape;
  if (w.shape.length === 4 && x.shape.length === 4) return [height!, width!];
  throw new FlwrError(
    "invalid-argument",
    `Kernels ${showShape(w.shape)} do not fit an input ${showShape(x.shape)}`,
  );
}

function convolve(call: NodeCall): Value {
  const [x, w] = [call.value(0), call.value(1)];
  const { image, back } = asImage(x);
  const kernels = asImage(w).image;
  const windows = windowsOf(
    call,
    [image.shape[2]!, image.shape[3]!],
    x.shape.length - 2,
    kernelOf(kernels, image),
  );
  const { stride, dilation, before, after } = windows;
  const symmetric = isSymmetric(windows);
  const padded = symmetric ? image : pad(image, [0, 0, ...before], [0, 0, ...after]);
  const y = conv(padded, kernels, {
    stride,
    dilation,
    padding: symmetric ? before : 0,
    groups: call.int("group", 1),
  });
  return back(withBias(call, y));
}

/** What a transposed convolution cuts off before and after its result, and the size before the cut. */
interface Cut {
  readonly full: Pair;
  readonly before: Pair;
  readonly after: Pair;
}

const pairBy = (f: (axis: 0 | 1) => number): Pair => [f(0), f(1)];

/**
 * An attribute of one number per spatial axis, as a list for height and width. For a signal, the height is the
 * fallback.
 */
function perAxis(call: NodeCall, name: string, axes: number): readonly number[] | undefined {
  const given = call.ints(name);
  if (given === undefined || given.length === 0) return undefined;
  const wrong = given.length !== axes || given.some((n) => !Number.isSafeInteger(n) || n < 0);
  if (wrong) call.refuse(name, given, `${axes} integers that are not negative`);
  return given;
}

function cutOf(call: NodeCall, axes: number, input: Pair, windows: Windows): Cut {
  const { kernel, stride, dilation } = windows;
  const extra = perAxis(call, "output_padding", axes) ?? [];
  const window = reach(kernel, dilation);
  const full = pairBy((axis) =>
    stride[axis] * (input[axis] - 1) + (extra[axis - 2 + axes] ?? 0) + window[axis]
  );
  const mode = call.string("auto_pad", "NOTSET");
  const isSame = mode === "SAME_UPPER" || mode === "SAME_LOWER";
  const outputShape = perAxis(call, "output_shape", axes)?.slice(-axes);
  if (outputShape === undefined && !isSame) {
    return { full, before: windows.before, after: windows.after };
  }
  const target = pairBy((axis) =>
    outputShape?.[axis - 2 + axes] ?? (axis < 2 - axes ? 1 : input[axis] * stride[axis])
  );
  const total = pairBy((axis) => full[axis] - target[axis]);
  const half = pairBy((axis) => Math.floor(Math.max(0, total[axis]) / 2));
  const more = pairBy((axis) => total[axis] - half[axis]);
  // Where the result is longer than the windows reach, zeros are appended: the cut is negative.
  const isUpper = (axis: 0 | 1) => mode === "SAME_UPPER" || total[axis] < 0;
  return {
    full,
    before: pairBy((axis) => isUpper(axis) ? half[axis] : more[axis]),
    after: pairBy((axis) => isUpper(axis) ? more[axis] : half[axis]),
  };
}

/**
 * A transposed convolution, computed as the gradient (with respect to the input) of the convolution whose result has
 * the shape of this input.
 */
function convolveTransposed(call: NodeCall): Value {
  const [x, w] = [call.value(0), call.value(1)];
  const { image, back } = asImage(x);
  const kernels = asImage(w).image;
  const axes = x.shape.length - 2;
  const input: Pair = [image.shape[2]!, image.shape[3]!];
  const windows = windowsOf(call, input, axes, kernelOf(kernels, image));
  const { kernel, stride, dilation } = windows;
  const groups = call.int("group", 1);
  if (!(groups >= 1)) call.refuse("group", groups, "a positive integer");
  const { full, before, after } = cutOf(call, axes, input, windows);
  // A cut that is the same on both sides is the operator's own padding.
  const isEven = before[0] === after[0] && before[1] === after[1];
  const geometry: ConvolutionGeometry = {
    input: isEven ? pairBy((axis) => full[axis] - 2 * before[axis]) : full,
    kernel,
    stride,
    padding: isEven ? before : [0, 0],
    dilation,
    groups,
  };
  const fits = kernels.shape[0] === image.shape[1] && sameShape(outputSize(geometry), input) &&
    kernels.shape[0]! % geometry.groups === 0;
  if (!fits) {
    throw new FlwrError(
      "invalid-argument",
      `Kernels ${showShape(w.shape)} in ${geometry.groups} groups do not fit an input ` +
        showShape(x.shape),
    );
  }
  const y = convInputGrad(image, kernels, geometry);
  const [batch, channels, height, width] = y.shape as [number, number, number, number];
  const longer = pairBy((axis) => Math.max(0, -after[axis]));
  const cut = isEven ? y : slice(pad(y, [0, 0, 0, 0], [0, 0, ...longer]), [0, 0, ...before], [
    batch,
    channels,
    height - after[0],
    width - after[1],
  ]);
  return back(withBias(call, cut));
}

/** Rules of convolutions of signals and images. */
export const convolutionRules: Readonly<Record<string, Rule>> = {
  Conv: convolve,
  ConvTranspose: convolveTransposed,
};
