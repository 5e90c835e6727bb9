import { ArrayRecord } from "../array_record.ts";
import type { Round, Strategy, TrainOutcome } from "../strategy/strategy.ts";
import type { ClippingNorm } from "./clipping_norm.ts";
import { clipAsFlower } from "./flower_clipping.ts";
import type { KnownReplies } from "./known_replies.ts";
import { addUpdate } from "./model_update.ts";
import type { NoiseSource } from "./noise_source.ts";

/**
 * A training's aggregation with the numbers of Flower 1.42: the inner strategy weighs the clipped models as it likes, and
 * noise is added to its outcome, with adaptive clipping for the norm of the next round. Like Flower it skips a round with a
 * failure; unlike Flower it takes an update of norm 0.
 */
export async function aggregateAsFlower(
  round: Round,
  known: KnownReplies,
  { strategy, noise, norm, side, adaptive, divisor }: {
    readonly strategy: Strategy;
    readonly noise: NoiseSource;
    readonly norm: ClippingNorm;
    readonly side: "server" | "client";
    readonly adaptive: boolean;
    readonly divisor: number;
  },
): Promise<TrainOutcome> {
  const failures = strategy.checkTrain(round, known.forInner(() => {})).failures
    .map((failure) => known.refused.get(failure.nodeId) ?? failure);
  if (failures.length > 0) return { results: [], failures, aggregated: false };
  const sent = round.arrays.viewTensors();
  let clipped = 0;
  const replies = known.forInner((content, { reply, bit }) => {
    if (side === "server") {
      const made = clipAsFlower(sent, reply.tensors, norm.current);
      for (const [name] of content.arrayRecords) {
        content.set(name, ArrayRecord.fromTensors(made.model));
      }
      if (made.clipped) clipped++;
    } else if (bit) clipped++;
  });
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
    noise.gaussian(values, norm.noiseMultiplier * norm.current / divisor);
    added.set(name, values);
  }
  return { ...outcome, arrays: ArrayRecord.fromTensors(addUpdate(model, added)) };
}
