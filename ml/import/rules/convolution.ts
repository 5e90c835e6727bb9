import { FlwrError } from "../../../base/error.ts";
import { conv, convInputGrad } from "../../graph/convolution.ts";
import { add } from "../../graph/elementwise.ts";
import { type ConvolutionGeometry, outputSize, type Pair, reach } from "../../graph/geometry.ts";
import { pad, reshape } from "../../graph/movement.ts";
import { sameShape, showShape } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";
import type { Call, Rule } from "../call.ts";
import { asImage, isSymmetric, windowsOf } from "./windows.ts";

/** Exporters that do not simplify write a bias of zeros where a convolution has none. */
function isZero(value: Value): boolean {
  if (value.primitive !== "constant") return false;
  return (value.attributes.tensor.data as Float32Array).every((number) => number === 0);
}

function withBias(call: Call, y: Value): Value {
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

function convolve(call: Call): Value {
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

/** A transposed convolution is the adjoint of the convolution whose result has the shape of its input. */
function convolveTransposed(call: Call): Value {
  const [x, w] = [call.value(0), call.value(1)];
  const { image, back } = asImage(x);
  const kernels = asImage(w).image;
  const axes = x.shape.length - 2;
  const input: Pair = [image.shape[2]!, image.shape[3]!];
  const windows = windowsOf(call, input, axes, kernelOf(kernels, image));
  const { kernel, stride, dilation, before } = windows;
  const mode = call.string("auto_pad", "NOTSET");
  if (!isSymmetric(windows)) call.refuse("pads", call.ints("pads"), "the same on both sides");
  if (mode !== "NOTSET") call.refuse("auto_pad", mode, "NOTSET");
  if (call.ints("output_shape") !== undefined) {
    call.refuse("output_shape", call.ints("output_shape"), "left out");
  }
  const extra = call.ints("output_padding") ?? [];
  const window = reach(kernel, dilation);
  const size = (axis: 0 | 1) =>
    stride[axis] * (input[axis] - 1) + (extra[axis - 2 + axes] ?? 0) + window[axis] -
    2 * before[axis];
  const geometry: ConvolutionGeometry = {
    input: [size(0), size(1)],
    kernel,
    stride,
    padding: before,
    dilation,
    groups: call.int("group", 1),
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
  return back(withBias(call, convInputGrad(image, kernels, geometry)));
}

/** Convolutions of signals and images. */
export const convolutionRules: Readonly<Record<string, Rule>> = {
  Conv: convolve,
  ConvTranspose: convolveTransposed,
};
