import { elementCount } from "../../../tensor/tensor.ts";
import { blocksBehind, fromBlocks, toBlocks } from "../../graph/blocks.ts";
import { convolve, maxPool } from "../../graph/convolution.ts";
import { add, maximum, mul, relu } from "../../graph/elementwise.ts";
import type { ConvolutionGeometry, PoolGeometry } from "../../graph/geometry.ts";
import { indexTable } from "../../graph/index_table.ts";
import { gatherSum } from "../../graph/indexing.ts";
import { reshape, slice } from "../../graph/movement.ts";
import { rewrite } from "../../graph/traverse.ts";
import type { Node, Value } from "../../graph/value.ts";
import { LARGEST_BLOCK } from "../../onnx/blocked_nodes.ts";
import type { GraphPass } from "../passes.ts";

/**
 * Largest ratio of arithmetic on blocks to the convolution's own for which a convolution under a pool is packed. Six
 * filters of 5 × 5 under a 2 × 2 pool have a ratio of 1.6, four filters one of 2.4.
 */
const MAX_PACKED_WASTE = 2.5;

/** A convolution under a max-pool, with the operations between them. Each is used by the next only. */
interface PooledConvolution {
  readonly pool: Node<"maxPool">;
  readonly conv: Node<"conv">;
  /** A number per filter. */
  readonly bias?: Value;
  readonly relu: boolean;
}

/** Whether an operand of images [b, c, h, w] is one number per channel. */
function isBiasPerChannel(operand: Value, channels: number): boolean {
  return operand.shape.length <= 4 && operand.shape.at(-3) === channels &&
    elementCount(operand.shape) === channels;
}

function pooledConvolution(
  value: Value,
  uses: (value: Value) => number,
): PooledConvolution | undefined {
  if (value.primitive !== "maxPool") return undefined;
  let [inner] = value.inputs as readonly [Value];
  const isAlone = () => uses(inner) === 1;
  const channels = value.shape[1]!;
  let bias: Value | undefined;
  const cut = inner.primitive === "relu" && isAlone();
  if (cut) [inner] = inner.inputs as readonly [Value];
  if (inner.primitive === "add" && isAlone()) {
    const [a, b] = inner.inputs as readonly [Value, Value];
    if (isBiasPerChannel(b, channels)) [inner, bias] = [a, b];
    else if (isBiasPerChannel(a, channels)) [inner, bias] = [b, a];
  }
  if (inner.primitive !== "conv" || !isAlone()) return undefined;
  return { pool: value, conv: inner, bias, relu: cut };
}

/** How the columns of a pool's window are divided into filters. */
interface Packing {
  /** Columns of the window that get filters of their own: all of them, or 1. */
  readonly columns: number;
  /** Number of filters, a multiple of the block. */
  readonly filters: number;
  /** Width of the kernels, which cover the input of all columns. */
  readonly width: number;
  /** Arithmetic as a multiple of the convolution's own. */
  readonly waste: number;
}

function packing(
  { kernel, stride }: ConvolutionGeometry,
  pool: PoolGeometry,
  filters: number,
  columns: number,
): Packing {
  const whole = Math.ceil(columns * filters / LARGEST_BLOCK) * LARGEST_BLOCK;
  const width = (columns - 1) * stride[1] + kernel[1];
  const step = columns === 1 ? 1 : pool.stride[1];
  return { columns, filters: whole, width, waste: whole * width / (step * filters * kernel[1]) };
}

/** The packing with the least arithmetic; undefined where the convolution cannot be packed or packing does not pay. */
function bestPacking({ pool, conv }: PooledConvolution, block: number): Packing | undefined {
  const { geometry } = conv.attributes;
  const window = pool.attributes.geometry;
  const [x, w] = conv.inputs as readonly [Value, Value];
  const channels = x.shape[1]!;
  const suits = x.shape.length === 4 && conv.dtype === "float32" && geometry.groups === 1 &&
    geometry.block === undefined && geometry.dilation.every((step) => step === 1) &&
    (channels < block || channels % block === 0);
  if (!suits) return undefined;
  const columns = window.padding[1] === 0 && window.kernel[1] > 1 ? [1, window.kernel[1]] : [1];
  const [best] = columns.map((count) => packing(geometry, window, w.shape[0]!, count))
    .sort((a, b) => a.waste - b.waste);
  return best!.waste <= MAX_PACKED_WASTE ? best : undefined;
}

/** Kernels w [o, c, kh, kw] for each column, shifted to the start of the window, followed by filters of zeros. */
function packedKernels(w: Value, { columns, filters, width }: Packing, stride: number): Value {
  const [own, channels, kh, kw] = w.shape as [number, number, number, number];
  const entries = new Int32Array(filters * channels * kh * width).fill(-1);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < own * channels * kh; row++) {
      const to = (column * own * channels * kh + row) * width + column * stride;
      for (let tap = 0; tap < kw; tap++) entries[to + tap] = row * kw + tap;
    }
  }
  const packed = gatherSum(reshape(w, [-1]), indexTable(elementCount(w.shape), entries));
  return reshape(packed, [filters, channels, kh, width]);
}

/** The bias of each column's filters, in the shape of images in blocks. */
function packedBias(bias: Value, { columns, filters }: Packing, block: number): Value {
  const own = elementCount(bias.shape);
  const entries = Int32Array.from(
    { length: filters },
    (_, i) => i < columns * own ? i % own : -1,
  );
  const packed = gatherSum(reshape(bias, [-1]), indexTable(own, entries));
  return reshape(packed, [1, filters / block, 1, 1, block]);
}

/** Images without their constant scale. The kernels are multiplied by the scale instead. */
function withoutScale(x: Value): { readonly images: Value; readonly scale?: Value } {
  const [images, scale] = x.inputs;
  const isScaled = x.primitive === "mul" && scale!.primitive === "constant" &&
    scale!.shape.length === 0;
  return isScaled ? { images: images!, scale: scale! } : { images: x };
}

function packedPool(
  { pool, conv, bias, relu: cut }: PooledConvolution,
  packing: Packing,
  block: number,
): Value {
  const { geometry } = conv.attributes;
  const { kernel, stride, padding } = pool.attributes.geometry;
  const [x, w] = conv.inputs as readonly [Value, Value];
  const { columns, width } = packing;
  const filters = w.shape[0]!;
  const { images, scale } = withoutScale(x);
  const kernels = scale === undefined ? w : mul(w, scale);
  const source = images.shape[1]! < block
    ? images
    : blocksBehind(images) ?? toBlocks(images, block);
  let y = convolve(source, packedKernels(kernels, packing, geometry.stride[1]), {
    ...geometry,
    kernel: [geometry.kernel[0], width],
    stride: [geometry.stride[0], geometry.stride[1] * (columns === 1 ? 1 : stride[1])],
    block,
  });
  if (bias !== undefined) y = add(y, packedBias(bias, packing, block));
  if (cut) y = relu(y);
  const pooled = columns === 1
    ? maxPool(fromBlocks(y), kernel, { stride, padding })
    : maxPool(fromBlocks(y), [kernel[0], 1], {
      stride: [stride[0], 1],
      padding: [padding[0], 0],
    });
  if (pooled.shape[1] === filters) return pooled;
  const parts = Array.from({ length: columns }, (_, column) => {
    const [batch, , rows, across] = pooled.shape as [number, number, number, number];
    return slice(pooled, [0, column * filters, 0, 0], [
      batch,
      (column + 1) * filters,
      rows,
      across,
    ]);
  });
  return parts.reduce((a, b) => maximum(a, b));
}

/**
 * Computes maxPool(relu(conv(x, w) + b)) on blocks of channels, for graphs that are not differentiated. Filters are
 * padded with zeros to whole blocks. Where it wastes less, each column of the pool's window gets filters of its own,
 * whose kernels are shifted to the start of the window, and the pool is the maximum over those filters. No patches are
 * copied.
 *
 * @param block channels of a block on this machine
 */
export function packPools(block: number): GraphPass {
  return (outputs) =>
    rewrite(outputs, (value, uses) => {
      const found = pooledConvolution(value, uses);
      const best = found && bestPacking(found, block);
      return best && packedPool(found, best, block);
    });
}

/** Whether a graph has pools that {@link packPools} would change. */
export function canPackPools(outputs: readonly Value[], block: number): boolean {
  return packPools(block)(outputs).some((value, i) => value !== outputs[i]);
}
