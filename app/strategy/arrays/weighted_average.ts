import type { DType, TypedArray } from "../../../tensor/dtype.ts";
import { type Tensor, zeros } from "../../../tensor/tensor.ts";

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
  const average = weightedTerm(tensors[0]!, factors[0]!);
  tensors.forEach((tensor, i) => {
    if (i > 0) addTerm(average, tensor, factors[i]!);
  });
  return average;
}

/** The first term of a weighted average: factor · tensor, in the type of an average. */
export function weightedTerm(tensor: Tensor, factor: number): Tensor {
  const term = zeros(averagedDType(tensor.dtype, tensor.shape.length), tensor.shape);
  // The first product is assigned instead of added to 0, so that −0 stays −0.
  add(term.data, tensor.data, factor, true);
  return term;
}

/** Adds factor · tensor to a weighted average. */
export function addTerm(average: Tensor, { data }: Tensor, factor: number): void {
  add(average.data, data, factor, false);
}

function add(sum: TypedArray, data: TypedArray, factor: number, isFirst: boolean): void {
  if (sum instanceof Float32Array && data instanceof Float32Array) {
    addScaled32(sum, data, factor, isFirst);
  } else {
    addScaled(sum, data, factor, isFirst);
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

/** A fast path for the most common type. */
function addScaled32(
  sum: Float32Array,
  data: Float32Array,
  factor: number,
  isFirst: boolean,
): void {
  const rounded = Math.fround(factor);
  if (isFirst) { for (let i = 0; i < sum.length; i++) sum[i] = rounded * data[i]!; }
  else for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + Math.fround(rounded * data[i]!);
}

function addScaled(sum: TypedArray, data: TypedArray, factor: number, isFirst: boolean): void {
  const round = sum instanceof Float16Array ? Math.f16round : (x: number) => x;
  const rounded = round(factor);
  for (let i = 0; i < sum.length; i++) {
    const product = round(rounded * Number(data[i]!));
    sum[i] = isFirst ? product : Number(sum[i]!) + product;
  }
}
