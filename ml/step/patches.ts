import { elementCount } from "../../tensor/tensor.ts";
import { type ConvolutionGeometry, outputSize } from "../graph/geometry.ts";
import { indexTable } from "../graph/index_table.ts";
import { gatherSum } from "../graph/indexing.ts";
import { concat, pad, reshape, slice, transpose } from "../graph/movement.ts";
import type { Value } from "../graph/value.ts";

/** For each element of the kernel, the numbers of x [b, c, h, w] that it is multiplied by: [b, elements, c, positions]. */
export function patches(x: Value, geometry: ConvolutionGeometry): Value {
  const { kernel, stride } = geometry;
  if (elementCount(kernel) > 1 && stride[0] === 1 && stride[1] === 1) return bySlices(x, geometry);
  return byTable(x, geometry);
}

function bySlices(x: Value, geometry: ConvolutionGeometry): Value {
  const { kernel, padding, dilation } = geometry;
  const [batch, channels] = x.shape as [number, number];
  const [height, width] = outputSize(geometry);
  const around = [0, 0, ...padding];
  const padded = pad(x, around, around);
  const parts = Array.from({ length: elementCount(kernel) }, (_, i) => {
    const top = Math.floor(i / kernel[1]) * dilation[0];
    const left = i % kernel[1] * dilation[1];
    const part = slice(padded, [0, 0, top, left], [batch, channels, top + height, left + width]);
    return reshape(part, [batch, 1, channels, height * width]);
  });
  return concat(parts, 1);
}

function byTable(x: Value, geometry: ConvolutionGeometry): Value {
  const { input: [height, width], kernel, stride, padding, dilation } = geometry;
  const [batch, channels] = x.shape as [number, number];
  const [rows, columns] = outputSize(geometry);
  const elements = elementCount(kernel);
  const entries = new Int32Array(elements * rows * columns).map((_, at) => {
    const [element, position] = [Math.floor(at / (rows * columns)), at % (rows * columns)];
    const y = Math.floor(position / columns) * stride[0] - padding[0] +
      Math.floor(element / kernel[1]) * dilation[0];
    const z = position % columns * stride[1] - padding[1] + element % kernel[1] * dilation[1];
    return y < 0 || y >= height || z < 0 || z >= width ? -1 : y * width + z;
  });
  const pixels = reshape(transpose(x, [2, 3, 0, 1]), [height * width, batch * channels]);
  const picked = gatherSum(pixels, indexTable(height * width, entries));
  const apart = reshape(picked, [elements, rows * columns, batch, channels]);
  return transpose(apart, [2, 0, 3, 1]);
}
