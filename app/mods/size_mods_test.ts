import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ClientApp } from "../client_app.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Context } from "../context.ts";
import { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import { instruction } from "../testing.ts";
import { arraysSizes, messageSizes } from "./size_mods.ts";

const context: Context = {
  runId: 7n,
  nodeId: 5n,
  nodeConfig: new ConfigRecord(),
  state: new RecordDict(),
  runConfig: new ConfigRecord(),
};
const arrays = ArrayRecord.fromTensors({
  weight: tensor("float32", [2, 3], new Float32Array(6)),
  scale: tensor("float32", [], new Float32Array(1)),
});
/** A .npy file of float32 has a header of 128 bytes here. */
const ARRAYS_BYTES = 128 + 24 + "weight".length + 128 + 4 + "scale".length;
const config = new ConfigRecord({
  rate: 0.5,
  round: 3,
  on: true,
  name: "é",
  key: new Uint8Array(5),
});
const CONFIG_BYTES = (4 + 8) + (5 + 8) + (2 + 1) + (4 + 1) + (3 + 5);

Deno.test("the size mods log what Flower counts, for instructions and replies", async () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const app = new ClientApp({ mods: [messageSizes(log), arraysSizes(log)] })
    .train(() => ({ arrays, metrics: new MetricRecord({ losses: [1, 2] }) }))
    .evaluate(() => ({ metrics: new MetricRecord({ loss: 1 }) }));
  const content = new RecordDict([["arrays", arrays], ["config", config]]);
  await app.handle(instruction({}, content), context);
  assert.deepEqual(lines.splice(0), [
    `Incoming message size: ${ARRAYS_BYTES + CONFIG_BYTES} bytes`,
    `Incoming ArrayRecords: {"arrays":{"elements":7,"bytes":${ARRAYS_BYTES}}}`,
    `Incoming ArrayRecords in all: ${ARRAYS_BYTES} bytes`,
    `Outgoing ArrayRecords: {"arrays":{"elements":7,"bytes":${ARRAYS_BYTES}}}`,
    `Outgoing ArrayRecords in all: ${ARRAYS_BYTES} bytes`,
    `Outgoing message size: ${ARRAYS_BYTES + "losses".length + 16} bytes`,
  ]);
  await app.handle(instruction({ messageType: "evaluate" }), context);
  assert.deepEqual(lines, [
    "Incoming message size: 0 bytes",
    "Incoming ArrayRecords in all: 0 bytes",
    "Outgoing ArrayRecords in all: 0 bytes",
    "Outgoing message size: 12 bytes",
  ]);
});

Deno.test("the size mods pass an error reply on", async () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const app = new ClientApp().train((message) => message.replyError(2, "no data"), {
    mods: [messageSizes(log), arraysSizes(log)],
  });
  assert.equal((await app.handle(instruction(), context)).error?.reason, "no data");
  assert.equal(lines.length, 2);
});
