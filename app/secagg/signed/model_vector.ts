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

/** Elements of a vector: the number of examples, the model, the metrics. */
export function vectorLength(model: Iterable<Tensor>, { metrics }: RoundSettings): number {
  let length = 1 + metrics.length;
  for (const { data } of model) length += data.length;
  return length;
}

/** A node's vector before it is masked. */
export interface Quantised {
  readonly vector: RingVector;
  /** Numbers that were clipped: their surplus is lost. */
  readonly clipped: number;
}

/**
 * Quantises a trained model: its number of examples, its difference from the model sent, and its metrics, each times
 * examples / maxWeight.
 *
 * @param sent the arrays that the node was sent, in the order of the trained ones
 * @param metrics the metrics of the ClientApp's reply
 * @throws FlwrError "invalid-argument" when the number of examples is out of range, a number is not finite, or a metric
 *   is missing
 */
export function quantiseModel(
  { tensors, numExamples }: TrainedModel,
  sent: readonly Tensor[],
  metrics: MetricRecord | undefined,
  settings: RoundSettings,
): Quantised {
  const { maxWeight, clippingRange, ringBits, quantizationRange } = settings;
  if (!(Number.isSafeInteger(numExamples) && numExamples >= 0 && numExamples <= maxWeight)) {
    // The number itself is not for the server.
    throw new FlwrError(
      "invalid-argument",
      `Secure aggregation: "num-examples" is not a whole number from 0 to maxWeight, which is ${maxWeight}`,
      { hints: ["Raise maxWeight of SecureAggregation to the largest number of any node"] },
    );
  }
  const weight = numExamples / maxWeight;
  const vector = new RingVector(ringBits, vectorLength(tensors, settings));
  vector.set(0, numExamples);
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
  for (const [name, bound] of settings.metrics) add([metricOf(metrics, name)], undefined, bound);
  return { vector, clipped };
}

function metricOf(metrics: MetricRecord | undefined, name: string): number {
  const value = metrics?.get(name);
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new FlwrError(
    "invalid-argument",
    `Secure aggregation: the reply to "train" has no finite number "${name}" in its MetricRecord "metrics"`,
    { hints: ["Return it, or leave it out of the metrics of SecureAggregation"] },
  );
}

/** What the sum of the vectors says. */
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
 * @param model the model that the nodes were sent
 * @param nodes how many vectors are in the sum
 * @throws FlwrError "failed-precondition" when a number is larger than the nodes' numbers can make it, or all examples
 *   together are 0
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
      "Secure aggregation: the nodes have 0 examples together",
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
    `Secure aggregation: the sum has ${element} where the nodes can make ${least} to ${most}: a masked vector is wrong`,
  );
}
