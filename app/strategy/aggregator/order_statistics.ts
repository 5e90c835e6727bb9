import type { TypedArray } from "../../../tensor/dtype.ts";
import { zerosInNpy } from "../../../tensor/npy.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { checkNumber } from "../../../base/check_option.ts";
import { mapModel } from "../arrays/elementwise.ts";
import { SimdRows } from "../arrays/simd.ts";
import { averagedDType } from "../arrays/weighted_average.ts";
import type { Tensors } from "../round/round.ts";
import type { Aggregator } from "./aggregator.ts";
import { collecting } from "./collecting.ts";
import { sortingNetwork } from "./sorting_network.ts";

/** Number of columns that are sorted together. Twenty rows of them stay in a core's L2 cache. */
const BLOCK = 1024;

/** Number of values above which a network, which grows with n·log²n, takes longer than sorting each column. */
const MAX_NETWORK_VALUES = 128;

/** Selects which sorted values of each element count, and how they are combined. */
export interface OrderStatistic {
  /** Index of the first sorted value, from 0, and index after the last one. */
  readonly from: number;
  readonly to: number;
  /** Divisor of the sum of the values. */
  readonly divisor: number;
}

/**
 * Combines several models into one: each element is the sum of some of the sorted values at its index, in ascending
 * order, divided by a number. Computed in double precision. NaN among the values gives NaN.
 *
 * @param models at least one; all with the same names and shapes
 * @param statistic also a function of the values in ascending order, which takes longer
 */
export function orderStatistics(
  models: readonly Tensors[],
  statistic: OrderStatistic | ((sorted: Float64Array) => number),
): Map<string, Tensor> {
  const { from, to } = typeof statistic === "function" ? { from: 0, to: models.length } : statistic;
  const network = models.length <= MAX_NETWORK_VALUES
    ? sortingNetwork(models.length, from, to)
    : undefined;
  return mapModel(models[0]!, (name, like) => {
    const all = models.map((model) => model.get(name)!.data);
    const result = zerosInNpy(averagedDType(like.dtype, like.shape.length), like.shape);
    const simd = network !== undefined && all.every((data) => data instanceof Float32Array)
      ? new SimdRows(all.length, BLOCK)
      : undefined;
    const rows = simd?.rows ?? all.map(() => new Float64Array(BLOCK));
    for (let start = 0; start < result.data.length; start += BLOCK) {
      const length = Math.min(BLOCK, result.data.length - start);
      rows.forEach((row, i) => copyRow(row, all[i]!, start, length));
      if (network === undefined) sortColumns(rows, length);
      else {
        for (const [low, high] of network) {
          if (simd !== undefined) simd.compare(low, high, length);
          else compareRows(rows[low]!, rows[high]!, length);
        }
      }
      const target = { result: result.data, start, length };
      if (typeof statistic === "function") combineColumns(target, rows, statistic);
      else combineRows(target, rows, statistic);
    }
    return result;
  });
}

function copyRow(row: Row, data: TypedArray, start: number, length: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < length; i++) row[i] = Number(data[start + i]!);
  } else row.set(data.subarray(start, start + length));
}

type Row = Float32Array | Float64Array;

/** Like {@link SimdRows.compare}, for doubles. */
function compareRows(low: Row, high: Row, length: number): void {
  for (let i = 0; i < length; i++) {
    const [a, b] = [low[i]!, high[i]!];
    low[i] = Math.min(a, b);
    high[i] = Math.max(a, b);
  }
}

function sortColumns(rows: readonly Row[], length: number): void {
  const column = new Float64Array(rows.length);
  for (let i = 0; i < length; i++) {
    rows.forEach((row, place) => column[place] = row[i]!);
    column.sort();
    const hasNaN = Number.isNaN(column.at(-1));
    rows.forEach((row, place) => row[i] = hasNaN ? NaN : column[place]!);
  }
}

/** The destination of a block's result. */
interface Target {
  readonly result: TypedArray;
  readonly start: number;
  readonly length: number;
}

function combineColumns(
  { result, start, length }: Target,
  rows: readonly Row[],
  statistic: (sorted: Float64Array) => number,
): void {
  const column = new Float64Array(rows.length);
  for (let i = 0; i < length; i++) {
    for (let place = 0; place < rows.length; place++) column[place] = rows[place]![i]!;
    result[start + i] = statistic(column);
  }
}

function combineRows(
  { result, start, length }: Target,
  rows: readonly Row[],
  { from, to, divisor }: OrderStatistic,
): void {
  const sums = Float64Array.from(rows[from]!.subarray(0, length));
  for (const row of rows.slice(from + 1, to)) for (let i = 0; i < length; i++) sums[i]! += row[i]!;
  for (let i = 0; i < length; i++) result[start + i] = sums[i]! / divisor;
}

/**
 * The median of each parameter (Yin et al., 2018, arXiv:1803.01498), without weights. For an even number of values, it
 * is the mean of the middle two. All replies must contain the same arrays.
 */
export function coordinateMedian(): Aggregator {
  return collecting((replies) => {
    const middle = replies.length >> 1;
    const from = replies.length % 2 === 1 ? middle : middle - 1;
    const statistic = { from, to: middle + 1, divisor: middle + 1 - from };
    return { arrays: orderStatistics(replies.map(({ tensors }) => tensors), statistic) };
  });
}

/**
 * The mean of each parameter without its ⌊β·n⌋ smallest and largest values (Yin et al., 2018, arXiv:1803.01498), without
 * weights. All replies must contain the same arrays.
 *
 * @param beta β, from 0 to below 0.5
 * @throws FlwrError "invalid-argument" when beta is out of range
 */
export function trimmedMean(beta = 0.2): Aggregator {
  checkNumber("beta", beta, 0, 0.5 - Number.EPSILON);
  return collecting((replies) => {
    const cut = Math.floor(beta * replies.length);
    const statistic = {
      from: cut,
      to: replies.length - cut,
      divisor: replies.length - 2 * cut,
    };
    return { arrays: orderStatistics(replies.map(({ tensors }) => tensors), statistic) };
  });
}
