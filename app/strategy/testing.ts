import { FakeClock } from "../../base/clock.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import type { AnyRecord } from "../record_dict.ts";
import { instruction } from "../testing.ts";
import type { Round } from "./strategy.ts";

/** A model with one array "w" of doubles. */
export function doubles(...values: readonly number[]): ArrayRecord {
  return ArrayRecord.fromTensors({
    w: tensor("float64", [values.length], Float64Array.from(values)),
  });
}

/** The numbers of an array of a model. */
export function numbersOf(arrays: ArrayRecord, name = "w"): number[] {
  return [...arrays.viewTensors().get(name)!.data].map(Number);
}

/** A round whose nodes are online, but are sent nothing. */
export function roundOf(arrays: ArrayRecord, number = 1, nodeIds: readonly NodeId[] = []): Round {
  const driver = new FakeDriver([...nodeIds], () => undefined);
  const grid = new Grid(driver, 7n, { clock: new FakeClock() });
  return { number, arrays, config: new ConfigRecord(), grid };
}

/** A node's reply to an instruction to train. */
export function trained(
  nodeId: number | bigint,
  arrays: ArrayRecord,
  metrics: Readonly<Record<string, number>> = {},
  records: Readonly<Record<string, AnyRecord>> = {},
): Message {
  return instruction({ dstNodeId: BigInt(nodeId) }).reply({
    arrays,
    metrics: new MetricRecord({ "num-examples": 1, ...metrics }),
    ...records,
  });
}
