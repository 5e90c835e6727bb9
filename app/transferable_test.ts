import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigRecord } from "./config_record.ts";
import { MetricRecord } from "./metric_record.ts";
import { RecordDict } from "./record_dict.ts";
import { instruction, plain, recordDicts } from "./testing.ts";
import {
  contextFromTransferable,
  contextToTransferable,
  fromTransferable,
  toTransferable,
} from "./transferable.ts";

Deno.test("a message reaches a worker unchanged, including wire types", () => {
  fc.assert(fc.property(recordDicts, (content) => {
    const message = instruction({}, content);
    const there = fromTransferable(structuredClone(toTransferable(message)));
    assert.deepEqual(there.metadata, message.metadata);
    assert.deepEqual(plain(there.content), plain(content));
  }));
});

Deno.test("an error reaches a worker as an error", () => {
  const reply = instruction().replyError(2, "boom");
  const there = fromTransferable(structuredClone(toTransferable(reply)));
  assert.deepEqual(there.error, { code: 2, reason: "boom" });
});

Deno.test("plain data without content and error are not a message", () => {
  assert.throws(
    () => fromTransferable({ metadata: instruction().metadata }),
    /neither content nor an error/,
  );
});

Deno.test("a context reaches a worker with its state", () => {
  const context = {
    runId: 1n,
    nodeId: 2n,
    nodeConfig: new ConfigRecord({ "partition-id": 0 }),
    state: new RecordDict({ seen: new MetricRecord({ count: 3 }) }),
    runConfig: new ConfigRecord({ lr: 0.1 }),
  };
  const there = contextFromTransferable(structuredClone(contextToTransferable(context)));
  assert.equal(there.nodeId, 2n);
  assert.equal(there.nodeConfig.number("partition-id"), 0);
  assert.equal(there.state.metricRecord("seen").number("count"), 3);
  assert.equal(there.runConfig.number("lr"), 0.1);
});
