import type { NodeId } from "../../../../entities/metadata.ts";
import { tensor } from "../../../../tensor/tensor.ts";
import { ArrayRecord } from "../../../array_record.ts";
import type { ClientMod } from "../../../client_mod.ts";
import type { Message } from "../../../message.ts";
import { MetricRecord } from "../../../metric_record.ts";
import { FedAvg } from "../../../strategy/fedavg.ts";
import {
  Federation,
  type FederationOptions,
  nodeIds,
  type Tamper,
} from "../../testing/federation.ts";
import type { SecureAggregationOptions } from "../options.ts";
import { PROTOCOL_RECORD } from "../records.ts";
import { SecureAggregation } from "../secure_aggregation.ts";
import { secureAggregationMod } from "../secure_aggregation_mod.ts";
import { trustedIdentities } from "./identities.ts";

/** Options of a strategy that only trains, on all nodes. */
export const training = { fractionEvaluate: 0, minTrainNodes: 3 };
/** Secure aggregation around FedAvg. */
export const secure = (options: SecureAggregationOptions = {}) =>
  new SecureAggregation(new FedAvg(training), { maxWeight: 100, ...options });

/** A federation whose nodes have the modifier, and trust each other's registered keys. */
export async function federationOf(options: FederationOptions): Promise<Federation> {
  const identities = await trustedIdentities(nodeIds(options.nodes));
  return new Federation({ mods: [secureAggregationMod()], identities, ...options });
}

/** The stage that an instruction asks for. Undefined outside of secure aggregation. */
export function stageOf(instruction: Message): string | undefined {
  return instruction.content.configRecords.get(PROTOCOL_RECORD)?.string("stage");
}

/** Nodes that fail from a stage on. */
export function lose(stage: string, ...ids: NodeId[]): Tamper {
  return (instruction) =>
    stageOf(instruction) === stage && ids.includes(instruction.metadata.dstNodeId)
      ? instruction.replyError(2, "lost")
      : undefined;
}

/** A modifier with which node 102 replies other metrics than its own, and, if given, another array "w". */
export function spoiling(metrics: Record<string, number>, w?: Float32Array): ClientMod {
  return async (message, context, next) => {
    const reply = await next(message, context);
    if (context.nodeId !== 102n) return reply;
    const arrays = reply.content.arrayRecord("arrays").tensors();
    if (w !== undefined) arrays.set("w", tensor("float32", [4], w));
    return message.reply({
      arrays: ArrayRecord.fromTensors(arrays),
      metrics: new MetricRecord(metrics),
    });
  };
}
