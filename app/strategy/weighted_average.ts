import type { DType, TypedArray } from "../../tensor/dtype.ts";
import { type Tensor, zeros } from "../../tensor/tensor.ts";

/**
 * The element type of an average: floating-point arrays keep theirs; integers, booleans and scalars of any type become
 * float64. That is what numpy 1.26 makes of `array * factor`, on which Flower's aggregation rests.
 */
export function averagedDType(dtype: DType, rank: number): DType {
  return dtype.startsWith("float") && rank > 0 ? dtype : "float64";
}

/**
 * Each weight divided by their sum.
 *
 * @param weights non-negative numbers with a sum above 0
 */
export function weightFactors(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * Σ factorᵢ · tensorᵢ, computed as Flower computes FedAvg (flwr 1.9, `aggregate_inplace`): in the order given, each
 * product and each sum rounded to the result's type, the factor rounded to it first. Sums of floating-point numbers
 * depend on their order, so the caller fixes one.
 *
 * @param tensors at least one; all of the same shape, their types averaging to the same one
 * @param factors as many
 */
export function averageTensors(tensors: readonly Tensor[], factors: readonly number[]): Tensor {
  const { dtype, shape } = tensors[0]!;
  const average = zeros(averagedDType(dtype, shape.length), shape);
  tensors.forEach(({ data }, i) => {
    const factor = factors[i]!;
    const sum = average.data;
    if (sum instanceof Float32Array && data instanceof Float32Array) {
      addScaled32(sum, data, factor, i === 0);
    } else {
      addScaled(sum, data, factor, i === 0);
    }
  });
  return average;
}

/** Averages tensors of the same name over several models that have the same names. */
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

/** The common case on its own: one element type, so that the loop stays fast. */
function addScaled32(
  sum: Float32Array,
  data: Float32Array,
  factor: number,
  isFirst: boolean,
): void {
  const rounded = Math.fround(factor);
  // The first product is assigned, not added to 0: −0 stays −0.
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
