import { FlwrError } from "../../../base/error.ts";
import { quantizeDifference } from "../../../secagg/signed/quantize_update.ts";
import { RingVector } from "../../../secagg/signed/ring_vector.ts";
import type { RoundSettings } from "../../../secagg/signed/settings.ts";
import { arrayConstructor, type TypedArray } from "../../../tensor/dtype.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { averagedDType } from "../../strategy/arrays/weighted_average.ts";
import { ArrayRecord } from "../../array_record.ts";
import type { MetricRecord } from "../../metric_record.ts";
import type { TrainedModel } from "../trained_model.ts";

/** Number of elements of a vector, which contains the number of examples, the model and the metrics. */
export function vectorLength(model: Iterable<Tensor>, { metrics }: RoundSettings): number {
  let length = 1 + metrics.length;
  for (const { data } of model) length += data.length;
  return length;
}

/** A node's vector before it is masked. */
export interface Quantised {
  readonly vector: RingVector;
  /** How many numbers were clipped to the bound. */
  readonly clipped: number;
  /** Whether the number of examples was above maxWeight: the update counts with maxWeight. */
  readonly isWeightClamped: boolean;
  /** Whether an element or a metric is not finite. Then the vector is all zeros. */
  readonly isZeroed: boolean;
}

/**
 * Quantises a trained model: its number of examples, its difference from the model sent, and its metrics, each times
 * examples / maxWeight. A larger number of examples counts as maxWeight, and a number that is not finite makes the
 * whole vector zero. An error instead of the vector would tell the server something about this node alone, in every
 * round.
 *
 * @param sent the arrays that the node received, in the order of the trained arrays
 * @param metrics the metrics of the ClientApp's reply
 * @throws FlwrError "invalid-argument" when the number of examples is not a whole number from 0, or a metric is missing
 */
export function quantiseModel(
  { tensors, numExamples }: TrainedModel,
  sent: readonly Tensor[],
  metrics: MetricRecord | undefined,
  settings: RoundSettings,
): Quantised {
  const { maxWeight, clippingRange, ringBits, quantizationRange } = settings;
  if (!(Number.isSafeInteger(numExamples) && numExamples >= 0)) {
    // The error does not contain the number, because the server sees it.
    throw new FlwrError(
      "invalid-argument",
      'Secure aggregation: "num-examples" is not a whole number from 0',
    );
  }
  const isWeightClamped = numExamples > maxWeight;
  const counted = Math.min(numExamples, Math.floor(maxWeight));
  const weight = counted / maxWeight;
  const vector = new RingVector(ringBits, vectorLength(tensors, settings));
  const values = settings.metrics.map(([name]) => metricOf(metrics, name));
  const isFinite = values.every(Number.isFinite) &&
    tensors.every(({ data }, i) => isFiniteUpdate(data, sent[i]?.data));
  if (!isFinite) return { vector, clipped: 0, isWeightClamped, isZeroed: true };
  vector.set(0, counted);
  let [at, clipped] = [1, 0];
  const add = (
    values: TypedArray | readonly number[],
    from: TypedArray | undefined,
    bound: number,
  ) => {
    clipped += quantizeDifference(values, from, { bound, weight, quantizationRange }, vector, at);
    at += values.length;
  };
  tensors.forEach(({ data }, i) => add(data, sent[i]?.data, clippingRange));
  settings.metrics.forEach(([, bound], i) => add([values[i]!], undefined, bound));
  return { vector, clipped, isWeightClamped, isZeroed: false };
}

/** Whether all differences are finite numbers. @param sent undefined: nothing is subtracted */
export function isFiniteUpdate(trained: TypedArray, sent: TypedArray | undefined): boolean {
  for (let i = 0; i < trained.length; i++) {
    if (!Number.isFinite(Number(trained[i]) - Number(sent?.[i] ?? 0))) return false;
  }
  return true;
}

function metricOf(metrics: MetricRecord | undefined, name: string): number {
  const value = metrics?.get(name);
  if (typeof value === "number") return value;
  throw new FlwrError(
    "invalid-argument",
    `Secure aggregation: the reply to "train" has no number "${name}" in its MetricRecord "metrics"`,
    { hints: ["Return it, or leave it out of the metrics of SecureAggregation"] },
  );
}

/** Contents of the sum of the vectors. */
export interface SummedModels {
  /** The model sent, plus the mean of the updates weighted by examples. */
  readonly arrays: ArrayRecord;
  /** Number of examples of all nodes together. */
  readonly examples: number;
  /** Means of the metrics, weighted by examples. */
  readonly metrics: readonly (readonly [name: string, mean: number])[];
}

/**
 * Reads the sum of the vectors of some nodes.
 *
 * @param model the model that the nodes received
 * @param nodes how many vectors are in the sum
 * @throws FlwrError "failed-precondition" when a number is larger than a sum over the nodes can be, or the nodes have
 *   no examples
 */
export function readSum(
  sum: RingVector,
  model: ArrayRecord,
  nodes: number,
  settings: RoundSettings,
): SummedModels {
  const { maxWeight, clippingRange, quantizationRange } = settings;
  const examples = sum.get(0);
  const [mostExamples, most] = [nodes * maxWeight, nodes * quantizationRange];
  if (examples < 0 || examples > mostExamples) throw impossible(examples, 0, mostExamples);
  if (examples === 0) {
    throw new FlwrError(
      "failed-precondition",
      "Secure aggregation: the nodes have no examples, expected at least 1",
    );
  }
  let at = 1;
  const factor = (bound: number) => (bound / quantizationRange) * (maxWeight / examples);
  const next = () => {
    const element = sum.get(at++);
    if (element < -most || element > most) throw impossible(element, -most, most);
    return element;
  };
  const scale = factor(clippingRange);
  const tensors = [...model.viewTensors()].map(
    ([name, { dtype, shape, data }]): [string, Tensor] => {
      const averaged = averagedDType(dtype, shape.length);
      const mean = new (arrayConstructor(averaged))(data.length) as Float64Array;
      for (let i = 0; i < mean.length; i++) mean[i] = Number(data[i]) + next() * scale;
      return [name, tensor(averaged, shape, mean)];
    },
  );
  const metrics = settings.metrics.map(([name, bound]) => [name, next() * factor(bound)] as const);
  return { arrays: ArrayRecord.fromTensors(tensors), examples, metrics };
}

function impossible(element: number, least: number, most: number): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `Secure aggregation: the sum has ${element}, expected ${least} to ${most}: a masked vector is wrong`,
  );
}
