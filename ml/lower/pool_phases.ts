import type { ConvolutionGeometry, PoolGeometry } from "../graph/geometry.ts";
import { outputSize } from "../graph/geometry.ts";
import { type IndexTable, indexTable } from "../graph/index_table.ts";
import { foldMax, gatherSum } from "../graph/indexing.ts";
import { matmul } from "../graph/linear.ts";
import { reshape, transpose } from "../graph/movement.ts";
import { rewrite } from "../graph/traverse.ts";
import type { Value } from "../graph/value.ts";
import { patchesOf } from "./pool_patches.ts";

/**
 * Largest ratio of arithmetic with shifted kernels to the convolution's own for which the rewriting is applied. A 5 × 5
 * kernel under a 2 × 2 pool has a ratio of 1.44, a 3 × 3 kernel one of 1.78.
 */
const MAX_PHASE_WASTE = 2;

/** Smallest batch that is made the innermost axis: shorter rows are slow to gather. */
export const MIN_INNERMOST_BATCH = 8;

/** Most rows of patches (channels · taps). With more, plain convolution works in the cache and a product does not. */
const MAX_PATCH_ROWS = 1024;

/** Along one axis: the input elements that the windows of a pool cover together, and the kernel taps that meet them. */
interface Axis {
  /** Offsets of all covered elements from the start of the pool's first convolution window. */
  readonly offsets: readonly number[];
  /** places[i][position]: the input element under offset i of a pooled position, or −1 in the padding. */
  readonly places: readonly (readonly number[])[];
  /**
   * offsetOf[phase][tap]: index in `offsets` of the element under a tap when the convolution is at `phase` in the
   * pool's window.
   */
  readonly offsetOf: readonly (readonly number[])[];
}

function axisOf(conv: ConvolutionGeometry, pool: PoolGeometry, axis: 0 | 1): Axis {
  const [phases, taps] = [pool.kernel[axis], conv.kernel[axis]];
  const [stride, dilation] = [conv.stride[axis], conv.dilation[axis]];
  const seen = Array.from(
    { length: phases },
    (_, phase) => Array.from({ length: taps }, (_, tap) => phase * stride + tap * dilation),
  );
  const offsets = [...new Set(seen.flat())].sort((a, b) => a - b);
  const places = offsets.map((offset) =>
    Array.from({ length: outputSize(pool)[axis] }, (_, position) => {
      const place = position * pool.stride[axis] * stride + offset - conv.padding[axis];
      return place >= 0 && place < conv.input[axis] ? place : -1;
    })
  );
  return {
    offsets,
    places,
    offsetOf: seen.map((row) => row.map((offset) => offsets.indexOf(offset))),
  };
}

function axesOf(conv: ConvolutionGeometry, pool: PoolGeometry): readonly [Axis, Axis] {
  return [axisOf(conv, pool, 0), axisOf(conv, pool, 1)];
}

/** Arithmetic of the product with shifted kernels, as a multiple of the convolution's own. */
function waste(conv: ConvolutionGeometry, pool: PoolGeometry): number {
  const axes = axesOf(conv, pool);
  return [0, 1].reduce((product, i) => {
    const seen = pool.kernel[i]! * axes[i]!.offsets.length;
    return product * seen / (pool.stride[i]! * conv.kernel[i]!);
  }, 1);
}

/**
 * The shifted kernels: row (phase i, phase j, filter o), column (channel c, offsets a, b) contains the index in w
 * [o·c·kh·kw] of the weight that meets that element in that phase, or −1 for none.
 */
function kernelTable(
  filters: number,
  channels: number,
  conv: ConvolutionGeometry,
  pool: PoolGeometry,
): IndexTable {
  const [rows, columns] = axesOf(conv, pool);
  const [kh, kw] = conv.kernel;
  const width = channels * rows.offsets.length * columns.offsets.length;
  const entries = new Int32Array(pool.kernel[0] * pool.kernel[1] * filters * width).fill(-1);
  let row = 0;
  for (const taps of rows.offsetOf) {
    for (const across of columns.offsetOf) {
      for (let o = 0; o < filters; o++, row++) {
        for (let c = 0; c < channels; c++) {
          taps.forEach((a, i) =>
            across.forEach((b, j) => {
              const column = (c * rows.offsets.length + a) * columns.offsets.length + b;
              entries[row * width + column] = ((o * channels + c) * kh + i) * kw + j;
            })
          );
        }
      }
    }
  }
  return indexTable(filters * channels * kh * kw, entries);
}

/**
 * Rewrites maxPool(conv(x, w)) to one matrix product. Each position in the pool's window (a phase) gets kernels of its
 * own, shifted to the start of the window. Patches of the input are gathered once for all phases, and the pool is the
 * maximum over the phases. The batch becomes the innermost axis, so gathering copies whole rows; the gradient of the
 * weights uses the same patches. Applied where the shifted kernels waste little arithmetic.
 */
export function poolPhases(outputs: readonly Value[]): Value[] {
  return rewrite(outputs, (value, uses) => {
    const [inner] = value.inputs;
    if (value.primitive !== "maxPool" || inner!.primitive !== "conv" || uses(inner!) > 1) {
      return undefined;
    }
    const pool = value.attributes.geometry;
    const conv = inner!.attributes.geometry;
    const [x, w] = inner!.inputs as readonly [Value, Value];
    const [batch, channels] = x.shape as [number, number];
    const [rows, columns] = axesOf(conv, pool);
    const patchRows = channels * rows.offsets.length * columns.offsets.length;
    const suits = conv.groups === 1 && pool.padding.every((length) => length === 0) &&
      batch >= MIN_INNERMOST_BATCH && patchRows <= MAX_PATCH_ROWS &&
      waste(conv, pool) <= MAX_PHASE_WASTE;
    if (!suits) return undefined;

    const filters = w.shape[0]!;
    const pooled = outputSize(pool);
    const phases = pool.kernel[0] * pool.kernel[1];
    const size = pooled[0] * pooled[1] * batch;
    const pixels = reshape(transpose(x, [1, 2, 3, 0]), [-1, batch]);
    const patches = patchesOf(pixels, {
      channels,
      input: conv.input,
      down: rows.places,
      across: columns.places,
    });
    const kernels = gatherSum(reshape(w, [-1]), kernelTable(filters, channels, conv, pool));
    const products = matmul(
      reshape(kernels, [phases * filters, patchRows]),
      reshape(patches, [patchRows, size]),
    );
    const maxima = foldMax(reshape(products, [phases, filters * size]));
    return transpose(reshape(maxima, [filters, ...pooled, batch]), [3, 0, 1, 2]);
  });
}
