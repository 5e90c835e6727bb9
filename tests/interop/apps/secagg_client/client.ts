/**
 * A ClientApp that takes part in secure aggregation: the twin of apps/secagg in Python. With `drop-stage` in the node's
 * configuration it fails in that stage of each round.
 */
import {
  ArrayRecord,
  ClientApp,
  type ClientMod,
  MetricRecord,
  secAggPlusMod,
  type Tensor,
  tensor,
} from "flwr";

/** Half of what there was, and numbers of the node's own. */
export function trained(arrays: Iterable<Tensor>, partition: number): Tensor[] {
  return Array.from(arrays, ({ shape, data }) => {
    const own = (i: number) => (7 * i + 3 * partition) % 11 / 8 - 0.5;
    const numbers = Float32Array.from(data as Float32Array, (x, i) => 0.5 * x + own(i));
    return tensor("float32", shape, numbers);
  });
}

export const examples = (partition: number): number => 10 + 20 * partition;

const drop: ClientMod = (message, context, next) => {
  const configs = message.content.configRecords.get("secaggplus_configs");
  const stage = context.nodeConfig.string("drop-stage", "");
  if (stage !== "" && configs?.get("stage") === stage) throw new Error("dropped");
  return next(message, context);
};

export const app = new ClientApp({ mods: [drop, secAggPlusMod()] })
  .train(({ content }, { nodeConfig }) => {
    const partition = nodeConfig.number("partition-id");
    const arrays = trained(content.arrayRecord("arrays").tensors().values(), partition);
    return {
      arrays: ArrayRecord.fromTensors({ first: arrays[0]!, second: arrays[1]! }),
      metrics: new MetricRecord({ "num-examples": examples(partition), loss: 0.5 }),
    };
  });
