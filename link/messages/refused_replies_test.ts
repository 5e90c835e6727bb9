import assert from "node:assert/strict";
import { type Bench, linkTest, rootOf, UPDATE_OBJECTS } from "../../tests/link/harness.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { MessageRefusal, RefusalCode } from "../../entities/push.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";

/** Pushes an instruction to a node and pulls it. */
async function handed(bench: Bench, nodeId: bigint): Promise<LinkMessage> {
  await bench.push(nodeId);
  return (await bench.link.messages.pullInstruction(nodeId))!;
}

/** Pushes a reply with all its objects, which must be refused. */
async function refused(
  bench: Bench,
  nodeId: bigint,
  reply: NewLinkMessage,
): Promise<MessageRefusal> {
  const refusal = await bench.refusalOf(reply, UPDATE_OBJECTS, nodeId);
  assert.notEqual(refusal, undefined);
  return refusal!;
}

const FAULTS: readonly [what: string, changes: Partial<NewLinkMessage>, RefusalCode][] = [
  ["has another type", { messageType: "evaluate" }, "other-type"],
  ["has another group", { groupId: "other" }, "other-group"],
  ["has a ttl of 0", { ttl: 0 }, "ttl-invalid"],
  ["expires after its instruction", { ttl: 1e9 }, "outlives-instruction"],
  ["has neither content nor error", { content: undefined }, "content-or-error"],
];

for (const [what, changes, code] of FAULTS) {
  linkTest(`a reply that ${what} fails its instruction at once`, async (bench) => {
    const nodeId = await bench.node(1000);
    const instruction = await handed(bench, nodeId);
    const held = bench.link.messages.pullReplies([instruction.messageId], { holdSeconds: 20 });
    const refusal = await refused(bench, nodeId, bench.reply(instruction, changes));
    assert.equal(refusal.code, code);
    const [reply] = await held;
    assert.equal(reply?.error?.code, 0);
    assert.equal(
      reply.error.reason,
      `The SuperLink refused the reply of node "${nodeId}": ${refusal.reason}`,
    );
    assert.equal(reply.srcNodeId, nodeId);
    // The error is final.
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
    const again = await refused(bench, nodeId, bench.reply(instruction));
    assert.equal(again.code, "instruction-ended");
    assert.deepEqual(await bench.link.messages.pullReplies([instruction.messageId]), [reply]);
    await bench.pass(61);
    const { instructions, replies, objects } = await bench.store.usage();
    assert.deepEqual([instructions, replies, objects], [0, 0, 0]);
  });
}

linkTest("an announced reply that is refused fails its instruction, too", async (bench) => {
  const nodeId = await bench.node(1000);
  const instruction = await handed(bench, nodeId);
  const reply = bench.reply(instruction);
  const { refusals } = await bench.link.messages.openPush({
    nodeId,
    runId: bench.runId,
    messages: [reply],
    trees: [new Map([[reply.messageId, ["another"]], ["another", []]])],
  });
  assert.equal(refusals[0]?.code, "content-not-child");
  const [error] = await bench.link.messages.pullReplies([instruction.messageId]);
  assert.ok(error!.error!.reason.endsWith(refusals[0].reason));
});

linkTest(
  "the error reply is kept until the instruction expires",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const instruction = await handed(bench, nodeId);
    await refused(bench, nodeId, bench.reply(instruction, { messageType: "evaluate" }));
    await bench.pass(instruction.ttl - 1);
    const [reply] = await bench.link.messages.pullReplies([instruction.messageId]);
    assert.equal(reply?.error?.code, 0);
  },
);

linkTest("a node cannot fail an instruction that it was not handed", async (bench) => {
  const nodeId = await bench.node(1000);
  const other = await bench.node(1000);
  const waiting = await bench.push(nodeId);
  await refused(bench, nodeId, bench.reply(waiting, { messageType: "evaluate" }));
  assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, waiting.messageId);
  const reply = bench.reply(waiting, { messageType: "evaluate" });
  await refused(bench, other, reply);
  await refused(bench, other, { ...reply, messageId: "theirs", srcNodeId: other });
  assert.deepEqual(await bench.link.messages.pullReplies([waiting.messageId]), []);
  const taken = await bench.answer(waiting);
  // A further reply changes nothing.
  await refused(bench, nodeId, { ...reply, messageId: "late" });
  assert.deepEqual(await bench.link.messages.pullReplies([waiting.messageId]), [taken]);
});

linkTest("a clash with another message's id is not permanent", async (bench) => {
  const nodeId = await bench.node(1000);
  const other = await bench.node(1000);
  const theirs = bench.reply(await handed(bench, other));
  const reply = { ...bench.reply(await handed(bench, nodeId)), messageId: theirs.messageId };
  const open = (sender: bigint, message: NewLinkMessage) =>
    bench.link.messages.openPush({
      nodeId: sender,
      runId: bench.runId,
      messages: [message],
      trees: [
        new Map([...UPDATE_OBJECTS, rootOf(message)].map(({ id, children }) => [id, children])),
      ],
    });
  await open(other, theirs);
  const { refusals } = await open(nodeId, reply);
  assert.equal(refusals[0]?.code, "id-taken");
  assert.deepEqual(await bench.link.messages.pullReplies([reply.replyToMessageId]), []);
  assert.notEqual(reply.dstNodeId, nodeId);
  assert.equal(reply.dstNodeId, SUPERLINK_NODE_ID);
});
