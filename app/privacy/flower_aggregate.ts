import { FlwrError } from "../../base/error.ts";
import { ArrayRecord } from "../array_record.ts";
import type { Message } from "../message.ts";
import { RecordDict } from "../record_dict.ts";
import type { Failure } from "../result.ts";
import { phaseOf, type Round } from "../strategy/round/round.ts";
import type { Strategy, TrainOutcome } from "../strategy/strategy.ts";
import type { CentralDpSettings } from "./central_dp.ts";
import { clipAsFlower } from "./flower_clipping.ts";
import { addUpdate } from "./model_update.ts";
import { normBitOf } from "./norm_bits.ts";
import type { NoiseSource } from "./noise_source.ts";

/**
 * Aggregates a training with the numbers of Flower 1.42: the inner strategy weights the clipped models as it likes, and
 * noise is added to its result. With adaptive clipping, the noise is for the norm of the next round. Like Flower, it
 * skips a round with a failure. Unlike Flower, it accepts an update of norm 0.
 */
export async function aggregateAsFlower(
  round: Round,
  all: readonly Message[],
  strategy: Strategy,
  { norm, side, adaptive, numSampledClients }: CentralDpSettings,
  noise: NoiseSource,
): Promise<TrainOutcome> {
  const phase = phaseOf(round, "train");
  const failures: Failure[] = [];
  let clipped = 0;
  const replies = all.map((message) => {
    const nodeId = message.metadata.srcNodeId;
    if (message.error !== undefined) {
      failures.push({ nodeId, ...message.error });
      return message;
    }
    try {
      const reply = strategy.checkTrain(phase, message);
      if (side === "client") {
        const bit = adaptive ? normBitOf(reply.metrics, reply.content) : false;
        if (typeof bit === "object") throw new FlwrError("invalid-argument", bit.reason);
        if (bit) clipped++;
        return message;
      }
      const made = clipAsFlower(phase.sent, reply.tensors, norm.current);
      if (made.clipped) clipped++;
      const content = new RecordDict(message.content);
      for (const [name] of content.arrayRecords) {
        content.set(name, ArrayRecord.fromTensors(made.model));
      }
      return message.withContent(content);
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      failures.push({ nodeId, reason: `Reply rejected: ${error.message}` });
      return message;
    }
  });
  if (failures.length > 0) return { results: [], failures, aggregated: false };
  const adapt = () => {
    if (adaptive) norm.adapt(clipped, replies.length, noise);
  };
  if (side === "server") adapt();
  const outcome = await strategy.aggregateTrain(round, replies);
  if (side === "client") adapt();
  if (outcome.arrays === undefined) return outcome;
  const model = outcome.arrays.viewTensors();
  const added = new Map<string, Float64Array>();
  for (const [name, { data }] of model) {
    const values = new Float64Array(data.length);
    noise.gaussian(values, norm.noiseMultiplier * norm.current / numSampledClients);
    added.set(name, values);
  }
  return { ...outcome, arrays: ArrayRecord.fromTensors(addUpdate(model, added)) };
}
