import { outputSize } from "../graph/geometry.ts";
import type { PlainLowering } from "./tile.ts";

/**
 * Lowers the gradient of mean pooling. Windows that tile the input are a repetition; others are a transposed
 * convolution of single planes with a kernel of equal numbers.
 */
export const shareOverWindows: PlainLowering<"avgPoolGrad"> = (
  builder,
  { shape, attributes: { geometry } },
  [d],
) => {
  const { input, kernel, stride, padding } = geometry;
  const [rows, columns] = outputSize(geometry);
  const share = 1 / (kernel[0] * kernel[1]);
  const planes = shape[0]! * shape[1]!;
  const tiles = [0, 1].every((axis) =>
    kernel[axis] === stride[axis] && padding[axis] === 0 && input[axis]! % kernel[axis]! === 0
  );
  if (tiles) {
    const scaled = builder.node("Mul", [d!, builder.floats(share)]);
    const apart = builder.node("Reshape", [scaled, builder.ints([planes, rows, 1, columns, 1])]);
    const repeated = builder.node("Expand", [
      apart,
      builder.ints([planes, rows, kernel[0], columns, kernel[1]]),
    ]);
    return builder.node("Reshape", [repeated, builder.ints(shape)]);
  }
  const alone = builder.node("Reshape", [d!, builder.ints([planes, 1, rows, columns])]);
  const left = [0, 1].map((axis) =>
    input[axis]! + 2 * padding[axis]! - kernel[axis]! -
    (outputSize(geometry)[axis]! - 1) * stride[axis]!
  );
  const spread = builder.node("ConvTranspose", [alone, builder.floats(share, [1, 1, ...kernel])], {
    kernel_shape: { ints: kernel },
    strides: { ints: stride },
    pads: { ints: [...padding, ...padding] },
    output_padding: { ints: left },
  });
  return builder.node("Reshape", [spread, builder.ints(shape)]);
};
