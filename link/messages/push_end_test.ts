import assert from "node:assert/strict";
import {
  linkTest,
  MODEL_OBJECTS,
  object,
  rootOf,
  UPDATE_OBJECTS,
} from "../../tests/link/harness.ts";
import { handed, openInstructions, openReply, put } from "./testing/pushing.ts";

linkTest("a push without objects ends, and its instruction is requeued", async (bench) => {
  const nodeId = await bench.node(1000);
  const instruction = await handed(bench, nodeId);
  const before = await bench.store.usage();
  const reply = bench.reply(instruction);
  const { sessionId } = await openReply(bench, reply);
  await bench.pass(179);
  assert.deepEqual(await put(bench, nodeId, sessionId, [UPDATE_OBJECTS[0]!]), [true]);
  await bench.pass(179);
  assert.equal((await bench.store.usage()).pushes, 1);
  const held = bench.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  await bench.pass(2);
  assert.deepEqual(await bench.store.usage(), before);
  assert.deepEqual(await put(bench, nodeId, sessionId, [UPDATE_OBJECTS[1]!]), [false]);
  assert.equal((await held)?.messageId, instruction.messageId);
  assert.deepEqual(bench.eventsOf("push-expired").map(({ messages }) => messages), [1]);
  assert.deepEqual(bench.eventsOf("instruction-requeued").map(({ cause }) => cause), [
    "push-expired",
  ]);
});

linkTest("a settled push is removed without an event", async (bench) => {
  const nodeId = await bench.node(1000);
  const reply = bench.reply(await handed(bench, nodeId));
  const { sessionId } = await openReply(bench, reply);
  await put(bench, nodeId, sessionId, [...UPDATE_OBJECTS, rootOf(reply)]);
  await bench.pass(181);
  assert.equal((await bench.store.usage()).pushes, 0);
  assert.equal(bench.eventsOf("push-expired").length, 0);
});

linkTest("a push continues after a restart", async (bench) => {
  const nodeId = await bench.node(1000);
  const message = bench.instruction(nodeId);
  const { sessionId } = await openInstructions(bench, [message]);
  await put(bench, 1n, sessionId, MODEL_OBJECTS);
  await bench.link.close();
  await bench.clock.advance(500);
  await bench.restart();
  await bench.link.nodes.heartbeat(nodeId, 1000);
  assert.deepEqual(await put(bench, 1n, sessionId, [rootOf(message)]), [true]);
  assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, message.messageId);
});

linkTest("a push ends with its run", async (bench) => {
  const nodeId = await bench.node(1000);
  const message = bench.instruction(nodeId);
  const { sessionId } = await openInstructions(bench, [message]);
  await put(bench, 1n, sessionId, MODEL_OBJECTS);
  await bench.link.runs.stop(bench.runId);
  assert.deepEqual(await put(bench, 1n, sessionId, [rootOf(message)]), [false]);
  await bench.pass(1);
  const { objects, pushes, instructions } = await bench.store.usage();
  assert.deepEqual([objects, pushes, instructions], [0, 0, 0]);
});

linkTest("a push ends with its node's membership", async (bench) => {
  const nodeId = await bench.node(1000, new Uint8Array([1]));
  const reply = bench.reply(await handed(bench, nodeId));
  const { sessionId } = await openReply(bench, reply);
  await bench.link.nodes.unregister(nodeId);
  assert.deepEqual(await put(bench, nodeId, sessionId, UPDATE_OBJECTS), [false, false, false]);
  const { refusals } = await openReply(bench, { ...reply, messageId: "another" });
  assert.equal(refusals[0]?.code, "node-unregistered");
});

linkTest("a late reply is refused when it is complete", async (bench) => {
  const nodeId = await bench.node(1000);
  const instruction = await handed(bench, nodeId);
  const [slow, fast] = [bench.reply(instruction), bench.reply(instruction)];
  const { sessionId } = await openReply(bench, slow);
  assert.equal(await bench.refusalOf(fast, UPDATE_OBJECTS), undefined);
  await put(bench, nodeId, sessionId, [rootOf(slow)]);
  assert.equal(bench.eventsOf("reply-refused").at(-1)?.code, "instruction-answered");
  const [told] = await bench.link.messages.pullReplies([instruction.messageId]);
  assert.equal(told?.messageId, fast.messageId);
});

linkTest("one caller's open pushes are limited in number and size", async (bench) => {
  const nodeId = await bench.node(1000);
  const open = () => openInstructions(bench, [bench.instruction(nodeId)]);
  const { sessionId } = await open();
  await open();
  await assert.rejects(open(), { code: "resource-exhausted" });
  const large = (name: string, size: number) => ({ ...object(name), bytes: new Uint8Array(size) });
  await put(bench, 1n, sessionId, [large("weights", 60)]);
  await assert.rejects(put(bench, 1n, sessionId, [large("layer", 41)]), {
    code: "resource-exhausted",
  });
  assert.deepEqual(await put(bench, 1n, sessionId, [large("layer", 40)]), [true]);
}, { maxOpenPushes: 2, maxOpenPushBytes: 100 });
