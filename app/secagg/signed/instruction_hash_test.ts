import assert from "node:assert/strict";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import { float } from "../../float.ts";
import { Message } from "../../message.ts";
import { MetricRecord } from "../../metric_record.ts";
import { type AnyRecord, RecordDict } from "../../record_dict.ts";
import { instructionHash } from "./instruction_hash.ts";

const model = (...values: number[]) =>
  tensor("float32", [values.length], Float32Array.from(values));
const arrays = ArrayRecord.fromTensors({ a: model(1, 2), b: model(3) });

async function hashOf(
  records: readonly (readonly [string, AnyRecord])[],
  { messageType = "train", groupId = "1", dstNodeId = 101n, runConfig = new ConfigRecord() } = {},
): Promise<string> {
  const content = new RecordDict(records as [string, AnyRecord][]);
  const message = Message.create({ content, dstNodeId, messageType, groupId });
  return (await instructionHash(message, runConfig)).toHex();
}

Deno.test("instruction hash: everything that tells a node what to train changes it", async () => {
  const config = (values: ConstructorParameters<typeof ConfigRecord>[0]) =>
    [["arrays", arrays], ["config", new ConfigRecord(values)]] as const;
  const only = (tensors: Parameters<typeof ArrayRecord.fromTensors>[0]) =>
    [["arrays", ArrayRecord.fromTensors(tensors)]] as const;
  const hashes = await Promise.all([
    hashOf([["arrays", arrays]]),
    hashOf([["model", arrays]]),
    hashOf([["arrays", arrays]], { messageType: "train.other" }),
    hashOf([["arrays", arrays]], { groupId: "2" }),
    hashOf([["arrays", arrays]], { runConfig: new ConfigRecord({ lr: 1 }) }),
    hashOf([["arrays", arrays]], { runConfig: new ConfigRecord({ lr: float(1) }) }),
    hashOf(only({ b: model(3), a: model(1, 2) })),
    hashOf(only({ a: model(1, 2), c: model(3) })),
    hashOf(only({ a: model(1, 2.0000002), b: model(3) })),
    hashOf(only({ a: tensor("float32", [2, 1], Float32Array.of(1, 2)), b: model(3) })),
    hashOf(only({ a: tensor("float64", [2], Float64Array.of(1, 2)), b: model(3) })),
    hashOf([...config({}), ["more", new ConfigRecord()]]),
    hashOf([...config({}), ["more", new MetricRecord()]]),
    hashOf([["config", new ConfigRecord()], ["arrays", arrays]]),
    ...[
      {},
      { x: 1 },
      { x: float(1) },
      { x: 0 },
      { x: float(-0) },
      { x: "1" },
      { x: true },
      { x: "true" },
      { x: ["true"] },
      { x: [true] },
      { x: [1, 2] },
      { x: [1], y: 2 },
      { x: [1], y: [2] },
      { x: 1, y: 2 },
      { y: 2, x: 1 },
      { x: new Uint8Array([1]) },
      { x: [new Uint8Array([1])] },
      { x: [new Uint8Array([1]), new Uint8Array()] },
      { x: -1n },
      { x: 2n ** 64n - 1n },
      { x: [] },
    ].map((values) => hashOf(config(values as ConstructorParameters<typeof ConfigRecord>[0]))),
  ]);
  assert.equal(new Set(hashes).size, hashes.length);
});

Deno.test("instruction hash: it is the same for all nodes, and for settings of the run in another order", async () => {
  const records = () =>
    [
      ["arrays", ArrayRecord.fromTensors({ a: model(1, 2), b: model(3) })],
      ["config", new ConfigRecord({ lr: 0.5, names: ["a", "b"] })],
    ] as const;
  const one = await hashOf(records(), { runConfig: new ConfigRecord({ x: 1, y: "z" }) });
  const other = await hashOf(records(), {
    dstNodeId: 102n,
    runConfig: new ConfigRecord({ y: "z", x: 1 }),
  });
  assert.equal(one, other);
});
