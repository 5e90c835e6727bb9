import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { isMessage, Message } from "./message.ts";
import { MetricRecord } from "./metric_record.ts";
import { RecordDict } from "./record_dict.ts";
import { instruction } from "./testing.ts";

Deno.test("an instruction goes from the SuperLink to the node, with twelve hours to live", () => {
  const clock = new FakeClock(1_800_000_000.5);
  const message = Message.create({ content: {}, dstNodeId: 5n, messageType: "train.fast", clock });
  assert.deepEqual(message.metadata, {
    runId: 0n,
    messageId: "",
    srcNodeId: 1n,
    dstNodeId: 5n,
    replyToMessageId: "",
    groupId: "",
    messageType: "train.fast",
    createdAt: 1_800_000_000.5,
    ttl: 43_200,
  });
  assert.equal(isMessage(message), true);
});

Deno.test("an invalid instruction is refused", () => {
  const init = { content: {}, dstNodeId: 5n, messageType: "train" };
  assert.throws(
    () => Message.create({ ...init, dstNodeId: 0n }),
    /node id must be a bigint other than 0n/,
  );
  assert.throws(
    () => Message.create({ ...init, dstNodeId: 5 as unknown as bigint }),
    /got number 5/,
  );
  for (const messageType of ["", "fit", "train.", "train.a-b", "get_parameters.x"]) {
    assert.throws(
      () => Message.create({ ...init, messageType }),
      /Message type must be train.*: got/,
    );
  }
  for (const ttl of [0, -1, NaN, Infinity]) {
    assert.throws(
      () => Message.create({ ...init, ttl }),
      /A ttl must be a number of seconds above 0/,
    );
  }
});

Deno.test("a reply exchanges sender and receiver and is valid as long as its instruction", () => {
  const clock = new FakeClock(1_800_000_030);
  const reply = instruction().reply({ metrics: new MetricRecord({ loss: 1 }) }, { clock });
  assert.deepEqual(reply.metadata, {
    runId: 7n,
    messageId: "",
    srcNodeId: 5n,
    dstNodeId: 1n,
    replyToMessageId: "m1",
    groupId: "2",
    messageType: "train",
    createdAt: 1_800_000_030,
    ttl: 70,
  });
  assert.equal(reply.content.metricRecord("metrics").number("loss"), 1);
});

Deno.test("a reply is strictly later than an instruction from a clock that is ahead", () => {
  const clock = new FakeClock(1_799_999_000);
  const { createdAt, ttl } = instruction().reply({}, { clock }).metadata;
  assert.ok(createdAt > 1_800_000_000);
  assert.ok(createdAt + ttl <= 1_800_000_100);
});

Deno.test("a reply's own ttl is used if it is shorter; with an expired instruction it is 0", () => {
  const clock = new FakeClock(1_800_000_030);
  assert.equal(instruction().reply({}, { clock, ttl: 10 }).metadata.ttl, 10);
  assert.equal(instruction().reply({}, { clock, ttl: 500 }).metadata.ttl, 70);
  const late = new FakeClock(1_800_000_200);
  assert.equal(instruction().reply({}, { clock: late }).metadata.ttl, 0);
});

Deno.test("an error reply has an error and no content", () => {
  const reply = instruction().replyError(2, "boom", { clock: new FakeClock() });
  assert.deepEqual(reply.error, { code: 2, reason: "boom" });
  assert.equal(reply.hasContent, false);
  assert.throws(() => reply.content, /no content but error 2: boom/);
  assert.equal(instruction().replyError(2, "x".repeat(5_000)).error?.reason.length, 4_096);
});

Deno.test("withMetadata and withContent keep the rest", () => {
  const content = new RecordDict();
  const message = instruction({}, content);
  assert.equal(message.withMetadata({ runId: 9n }).metadata.runId, 9n);
  assert.equal(message.withMetadata({ runId: 9n }).content, content);
  assert.equal(message.withContent({}).metadata, message.metadata);
  const failed = message.replyError(2, "boom").withMetadata({ messageId: "m2" });
  assert.deepEqual(failed.error, { code: 2, reason: "boom" });
});
