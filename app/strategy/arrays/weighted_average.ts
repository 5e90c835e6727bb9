import type { DType, TypedArray } from "../../../tensor/dtype.ts";
import { zerosInNpy } from "../../../tensor/npy.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { SimdRows } from "./simd.ts";

/**
 * The element type of an average: floating-point arrays keep their type; integers, booleans and scalars of any type
 * become float64. This is numpy 1.26's type of `array * factor`, on which Flower's aggregation is based.
 */
export function averagedDType(dtype: DType, rank: number): DType {
  return dtype.startsWith("float") && rank > 0 ? dtype : "float64";
}

/**
 * Divides each weight by the sum of all weights.
 *
 * @param weights non-negative numbers with a sum above 0
 */
export function weightFactors(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * Σ factorᵢ · tensorᵢ, computed as Flower computes FedAvg (flwr 1.9, `aggregate_inplace`): in the given order, with the
 * factor, each product and each sum rounded to the result's type. Sums of floating-point numbers depend on their order,
 * so the caller determines it.
 *
 * @param tensors at least one; all with the same shape and the same average type
 * @param factors one per tensor
 */
export function averageTensors(tensors: readonly Tensor[], factors: readonly number[]): Tensor {
  const { dtype, shape } = tensors[0]!;
  const average = zerosInNpy(averagedDType(dtype, shape.length), shape);
  const all = tensors.map(({ data }) => data);
  if (isLarge32(average.data) && all.every((data) => data instanceof Float32Array)) {
    averageBlocks32(average.data, all, factors);
  } else {
    // The first product is assigned instead of added to 0, so that −0 stays −0.
    all.forEach((data, i) => addScaled(average.data, data, factors[i]!, i === 0));
  }
  return average;
}

/** Number of elements from which creating vectors for {@link SimdRows} pays off. */
const SIMD_FROM = 2 ** 14;
/**
 * Number of elements of a row. Shorter rows are read more slowly from memory. Longer rows do not stay in a core's L2
 * cache.
 */
const BLOCK = 4096;
/** Number of tensors that are added at once, while the sum stays in registers. */
const TOGETHER = 4;
/** The rows of one block: the sum, and the rows to add. */
const SCRATCH = new SimdRows(1 + TOGETHER, BLOCK);

function isLarge32(data: TypedArray): data is Float32Array<ArrayBuffer> {
  return data instanceof Float32Array && data.length >= SIMD_FROM;
}

/** Works block by block, so the sum stays in the cache while all tensors are added. */
function averageBlocks32(
  average: Float32Array,
  all: readonly Float32Array[],
  factors: readonly number[],
): void {
  const [sum, ...rows] = SCRATCH.rows as [Float32Array, ...Float32Array[]];
  const groups: number[][] = [];
  for (let i = 0; i < all.length; i += TOGETHER) groups.push(factors.slice(i, i + TOGETHER));
  for (let start = 0; start < average.length; start += BLOCK) {
    const length = Math.min(BLOCK, average.length - start);
    // The first product must stay unchanged: −0 + −0 is −0, but 0 + −0 would be 0.
    sum.fill(-0);
    groups.forEach((group, place) => {
      for (let i = 0; i < group.length; i++) {
        rows[i]!.set(all[place * TOGETHER + i]!.subarray(start, start + length));
      }
      SCRATCH.addScaled(0, 1, group, length);
    });
    average.set(length === BLOCK ? sum : sum.subarray(0, length), start);
  }
}

/** Averages several models with the same names, tensor by tensor. */
export function averageModels(
  models: readonly ReadonlyMap<string, Tensor>[],
  factors: readonly number[],
): Map<string, Tensor> {
  const [first] = models as [ReadonlyMap<string, Tensor>];
  return new Map(
    [...first.keys()].map((name) =>
      [name, averageTensors(models.map((model) => model.get(name)!), factors)] as const
    ),
  );
}

function addScaled(sum: TypedArray, data: TypedArray, factor: number, isFirst: boolean): void {
  const round = sum instanceof Float32Array
    ? Math.fround
    : sum instanceof Float16Array
    ? Math.f16round
    : (x: number) => x;
  const rounded = round(factor);
  for (let i = 0; i < sum.length; i++) {
    const product = round(rounded * Number(data[i]!));
    sum[i] = isFirst ? product : Number(sum[i]!) + product;
  }
}
