import { FlwrError } from "../../../base/error.ts";
import {
  type IntegerNoisePlan,
  planIntegerNoise,
} from "../../../privacy/accounting/integer_plan.ts";
import { addIntegerNoise, type IntegerMechanism } from "../../../privacy/noise/integer_noise.ts";
import { roundConditionally } from "../../../privacy/noise/integer_rounding.ts";
import { RingVector } from "../../../secagg/signed/ring_vector.ts";
import type { RoundSettings } from "../../../secagg/signed/settings.ts";
import { arrayConstructor } from "../../../tensor/dtype.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { averagedDType } from "../../strategy/arrays/weighted_average.ts";
import type { TrainedModel } from "../trained_model.ts";
import { isFiniteUpdate } from "./model_vector.ts";

/**
 * The noise of a round. The server and the nodes plan it in the same way. A sum has at least as many nodes as the
 * threshold requires. Nodes that collude know their own noise, so the noise of the others must be enough.
 *
 * @param length elements of the model
 * @returns undefined for a round without noise
 * @throws FlwrError "invalid-argument" naming the setting that is out of range
 */
export function noisePlan(settings: RoundSettings, length: number): IntegerNoisePlan | undefined {
  const { noise, participants, threshold, ringBits } = settings;
  if (noise === undefined) return undefined;
  const { mechanism, clippingNorm, noiseMultiplier, colluding } = noise;
  if (mechanism !== "discrete-gaussian" && mechanism !== "skellam") {
    const expected = 'expected "discrete-gaussian" or "skellam"';
    throw new FlwrError("invalid-argument", `mechanism is "${mechanism}", ${expected}`);
  }
  if (!(Number.isSafeInteger(colluding) && colluding >= 0 && colluding < threshold)) {
    throw new FlwrError(
      "invalid-argument",
      `colluding is ${colluding}, expected a whole number from 0, below the threshold, which is ${threshold}`,
    );
  }
  return planIntegerNoise({
    ...{ mechanism: mechanism as IntegerMechanism, clippingNorm, noiseMultiplier, ringBits },
    ...{ numbers: length, nodes: participants, shares: threshold - colluding },
  });
}

/**
 * A node's vector with its share of noise: 1, and its update, clipped to the norm. Each node counts the same, whatever
 * its number of examples, which bounds the influence of one node. An update that is not finite counts as 0, with the
 * same noise, so the server cannot tell.
 *
 * @param sent the arrays that the node received, in the order of the trained arrays
 */
export function privateVector(
  { tensors }: TrainedModel,
  sent: readonly Tensor[],
  plan: IntegerNoisePlan,
  { ringBits }: RoundSettings,
): { vector: RingVector; wasClipped: boolean; isZeroed: boolean } {
  const update = new Float64Array(plan.numbers);
  let at = 0;
  tensors.forEach(({ data }, i) => {
    for (let j = 0; j < data.length; j++) update[at++] = Number(data[j]) - Number(sent[i]!.data[j]);
  });
  const isZeroed = !isFiniteUpdate(update, undefined);
  if (isZeroed) update.fill(0);
  const vector = new RingVector(ringBits, 1 + update.length);
  vector.set(0, 1);
  const all = ringBits === 32 ? vector.words : new BigInt64Array(vector.words.buffer);
  const numbers = all.subarray(1);
  try {
    const norm = roundConditionally(update, numbers, plan);
    addIntegerNoise(numbers, plan);
    return { vector, wasClipped: norm > plan.clippingNorm, isZeroed };
  } finally {
    update.fill(0);
  }
}

/**
 * The model sent plus the mean of the updates in a sum, with noise.
 *
 * @param nodes how many vectors are in the sum
 * @throws FlwrError "failed-precondition" when the sum contains another number of nodes
 */
export function readPrivateSum(
  sum: RingVector,
  model: ArrayRecord,
  nodes: number,
  { scale }: IntegerNoisePlan,
): ArrayRecord {
  if (sum.get(0) !== nodes) {
    throw new FlwrError(
      "failed-precondition",
      `Secure aggregation: the sum counts ${
        sum.get(0)
      } nodes, expected ${nodes}: a masked vector is wrong`,
    );
  }
  let at = 1;
  const tensors = [...model.viewTensors()].map(
    ([name, { dtype, shape, data }]): [string, Tensor] => {
      const averaged = averagedDType(dtype, shape.length);
      const mean = new (arrayConstructor(averaged))(data.length) as Float64Array;
      for (let i = 0; i < mean.length; i++) {
        mean[i] = Number(data[i]) + sum.get(at++) / (scale * nodes);
      }
      return [name, tensor(averaged, shape, mean)];
    },
  );
  return ArrayRecord.fromTensors(tensors);
}
