import assert from "node:assert/strict";
import { linkTest, rootOf, UPDATE_OBJECTS } from "../../tests/link/harness.ts";
import { wholePush } from "../../tests/link/push_complete.ts";

const KEY = new Uint8Array([1]);

linkTest("a reply ends the long poll for it, without delay", async (bench) => {
  const nodeId = await bench.node();
  const { messageId } = await bench.push(nodeId);
  const other = await bench.push(nodeId);
  const held = bench.link.messages.pullReplies([other.messageId, messageId], { holdSeconds: 20 });
  const instruction = (await bench.link.messages.pullInstruction(nodeId))!;
  const taken = await bench.answer(instruction);
  assert.deepEqual(await held, [taken]);
  assert.equal(taken.replyToMessageId, messageId);
  assert.deepEqual(await bench.stored("update"), UPDATE_OBJECTS);
});

linkTest("a pull returns all stored replies together", async (bench) => {
  const nodeId = await bench.node();
  const pushed = [await bench.push(nodeId), await bench.push(nodeId), await bench.push(nodeId)];
  for (const _ of pushed) await bench.link.messages.pullInstruction(nodeId);
  const ids = pushed.map(({ messageId }) => messageId);
  await bench.answer(pushed[0]!);
  await bench.answer(pushed[2]!);
  const replies = await bench.link.messages.pullReplies([...ids, ids[0]!]);
  assert.deepEqual(
    new Set(replies.map((reply) => reply.replyToMessageId)),
    new Set([ids[0], ids[2]]),
  );
  assert.equal(replies.length, 2);
});

linkTest("a long poll for replies ends empty after its time or when aborted", async (bench) => {
  const nodeId = await bench.node(1000);
  const { messageId } = await bench.push(nodeId);
  assert.deepEqual(await bench.link.messages.pullReplies([messageId]), []);
  assert.deepEqual(await bench.link.messages.pullReplies([], { holdSeconds: 20 }), []);
  const held = bench.link.messages.pullReplies([messageId], { holdSeconds: 5 });
  await bench.pass(5);
  assert.deepEqual(await held, []);
  const caller = new AbortController();
  const aborted = bench.link.messages.pullReplies([messageId], {
    holdSeconds: 20,
    signal: caller.signal,
  });
  caller.abort();
  assert.deepEqual(await aborted, []);
});

linkTest(
  "a reply can be pulled again during its grace period, and is removed after it",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const { messageId } = await bench.push(nodeId);
    await bench.answer((await bench.link.messages.pullInstruction(nodeId))!);
    await bench.pass(500);
    const first = await bench.link.messages.pullReplies([messageId]);
    await bench.pass(59);
    assert.deepEqual(await bench.link.messages.pullReplies([messageId]), first);
    assert.deepEqual(await bench.stored("update"), UPDATE_OBJECTS);
    await bench.pass(2);
    const [late] = await bench.link.messages.pullReplies([messageId]);
    assert.equal(late?.error?.code, 3);
    await assert.rejects(bench.stored("update"), { code: "not-found" });
  },
);

linkTest("a second reply is refused", async (bench) => {
  const nodeId = await bench.node();
  const pushed = await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  const taken = await bench.answer(pushed);
  const reply = bench.reply(pushed);
  assert.equal((await bench.refusalOf(reply, UPDATE_OBJECTS))?.code, "instruction-answered");
  assert.deepEqual(await bench.link.messages.pullReplies([pushed.messageId]), [taken]);
  assert.deepEqual(bench.eventsOf("reply-refused").map((event) => event.nodeId), [nodeId]);
});

linkTest("a reply with missing objects is not accepted, and another one can be", async (bench) => {
  const nodeId = await bench.node();
  const pushed = await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  const reply = bench.reply(pushed);
  const { missing } = await bench.link.messages.openPush(wholePush([reply], [rootOf(reply)]));
  assert.deepEqual(missing, ["update"]);
  assert.deepEqual(await bench.link.messages.pullReplies([pushed.messageId]), []);
  // Its objects also complete the first reply, which is then too late.
  const next = await bench.answer(pushed);
  const [taken] = await bench.link.messages.pullReplies([pushed.messageId]);
  assert.equal(taken?.messageId, next.messageId);
  assert.equal(bench.eventsOf("reply-refused").at(-1)?.code, "instruction-answered");
});

linkTest("a reply to an instruction that was not handed out is refused", async (bench) => {
  const nodeId = await bench.node();
  const pushed = await bench.push(nodeId);
  const reply = bench.reply(pushed);
  assert.equal((await bench.refusalOf(reply, UPDATE_OBJECTS))?.code, "instruction-unknown");
});

linkTest("unknown instructions get an error reply", async (bench) => {
  const [reply] = await bench.link.messages.pullReplies(["no-such-id"], { holdSeconds: 20 });
  assert.equal(reply?.replyToMessageId, "no-such-id");
  assert.equal(reply.error?.code, 3);
});

linkTest("a long poll ends with an error when the node goes offline", async (bench) => {
  const nodeId = await bench.node(15);
  const { messageId } = await bench.push(nodeId);
  let heardAt = 0;
  const start = bench.clock.now();
  const held = bench.link.messages.pullReplies([messageId], { holdSeconds: 20 }).then((replies) => {
    heardAt = bench.clock.now();
    return replies;
  });
  await bench.pass(20, 20);
  const [reply] = await held;
  assert.equal(heardAt - start, 15);
  assert.equal(reply?.error?.code, 5);
  assert.match(reply.error.reason, new RegExp(`"${nodeId}"`));
  assert.equal(reply.srcNodeId, nodeId);
  assert.equal(reply.runId, bench.runId);
});

linkTest("a node that returns before its reply was pulled can still answer", async (bench) => {
  const nodeId = await bench.node(15, KEY);
  const pushed = await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  await bench.pass(20);
  await bench.link.nodes.heartbeat(nodeId, 15);
  assert.deepEqual(await bench.link.messages.pullReplies([pushed.messageId]), []);
  await bench.link.nodes.leave(nodeId);
  await bench.node(15, KEY);
  assert.deepEqual(await bench.link.messages.pullReplies([pushed.messageId]), []);
  const taken = await bench.answer(pushed);
  assert.deepEqual(await bench.link.messages.pullReplies([pushed.messageId]), [taken]);
});

linkTest("a stored reply stays after its node has left", async (bench) => {
  const nodeId = await bench.node(15);
  const pushed = await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  const taken = await bench.answer(pushed);
  await bench.link.nodes.leave(nodeId);
  assert.deepEqual(await bench.link.messages.pullReplies([pushed.messageId]), [taken]);
});

linkTest("an offline node's reply is accepted if no error was pulled", async (bench) => {
  const nodeId = await bench.node(15);
  const pushed = await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  await bench.pass(20);
  const taken = await bench.answer(pushed);
  assert.deepEqual(await bench.link.messages.pullReplies([pushed.messageId]), [taken]);
});

linkTest("an error that was pulled is final", async (bench) => {
  const nodeId = await bench.node(15, KEY);
  const pushed = await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  await bench.link.nodes.leave(nodeId);
  const told = await bench.link.messages.pullReplies([pushed.messageId]);
  assert.equal(told[0]?.error?.code, 5);
  await bench.node(15, KEY);
  assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
  const reply = bench.reply(pushed);
  assert.equal((await bench.refusalOf(reply, UPDATE_OBJECTS))?.code, "instruction-ended");
  assert.deepEqual(await bench.link.messages.pullReplies([pushed.messageId]), told);
  await bench.restart();
  assert.deepEqual(await bench.link.messages.pullReplies([pushed.messageId]), told);
});

linkTest("a node that leaves wakes long polls for its replies", async (bench) => {
  const nodeId = await bench.node();
  const { messageId } = await bench.push(nodeId);
  const held = bench.link.messages.pullReplies([messageId], { holdSeconds: 20 });
  await bench.link.nodes.leave(nodeId);
  const [reply] = await held;
  assert.equal(reply?.error?.code, 5);
});

linkTest("expiry wakes long polls, with the instruction's run and group", async (bench) => {
  const nodeId = await bench.node(1000);
  const { messageId } = await bench.push(nodeId, { ttl: 10, groupId: "7" });
  const held = bench.link.messages.pullReplies([messageId], { holdSeconds: 20 });
  await bench.pass(10);
  const [reply] = await held;
  assert.equal(reply?.error?.code, 3);
  assert.equal(reply.groupId, "7");
  assert.equal(reply.runId, bench.runId);
  assert.equal(bench.eventsOf("instruction-failed").length, 1);
});

linkTest("a reply to an expired instruction is refused", async (bench) => {
  const nodeId = await bench.node(1000);
  const pushed = await bench.push(nodeId, { ttl: 10 });
  await bench.link.messages.pullInstruction(nodeId);
  const reply = bench.reply(pushed);
  await bench.clock.advance(10);
  assert.equal((await bench.refusalOf(reply, UPDATE_OBJECTS))?.code, "instruction-ended");
});

linkTest("a reply that is not pulled expires with its instruction", async (bench) => {
  const nodeId = await bench.node(1000);
  const pushed = await bench.push(nodeId, { ttl: 10 });
  await bench.link.messages.pullInstruction(nodeId);
  await bench.answer(pushed);
  await bench.pass(11);
  assert.equal((await bench.store.usage()).objects, 1, "the root of the error reply");
  const [reply] = await bench.link.messages.pullReplies([pushed.messageId]);
  assert.equal(reply?.error?.code, 4);
  await bench.pass(120);
  const { instructions, replies, objects } = await bench.store.usage();
  assert.deepEqual([instructions, replies, objects], [0, 0, 0]);
});
