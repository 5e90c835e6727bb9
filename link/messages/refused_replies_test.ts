import assert from "node:assert/strict";
import { type Bench, linkTest, rootOf, UPDATE_OBJECTS } from "../../tests/link/harness.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";

/** Pushes an instruction to a node and pulls it. */
async function handed(bench: Bench, nodeId: bigint): Promise<LinkMessage> {
  await bench.push(nodeId);
  return (await bench.link.messages.pullInstruction(nodeId))!;
}

/** Pushes a reply with all its objects, which must be refused. @returns the reason */
async function refused(bench: Bench, nodeId: bigint, reply: NewLinkMessage): Promise<string> {
  const reason = await bench.refusalOf(reply, UPDATE_OBJECTS, nodeId);
  assert.notEqual(reason, undefined);
  return reason!;
}

const FAULTS: readonly [what: string, changes: Partial<NewLinkMessage>][] = [
  ["has another type", { messageType: "evaluate" }],
  ["has another group", { groupId: "other" }],
  ["has a ttl of 0", { ttl: 0 }],
  ["expires after its instruction", { ttl: 1e9 }],
  ["has neither content nor error", { content: undefined }],
];

for (const [what, changes] of FAULTS) {
  linkTest(`a reply that ${what} fails its instruction at once`, async (bench) => {
    const nodeId = await bench.node(1000);
    const instruction = await handed(bench, nodeId);
    const held = bench.link.messages.pullReplies([instruction.messageId], { holdSeconds: 20 });
    const reason = await refused(bench, nodeId, bench.reply(instruction, changes));
    const [reply] = await held;
    assert.equal(reply?.error?.code, 0);
    assert.equal(
      reply.error.reason,
      `The SuperLink refused the reply of node "${nodeId}": ${reason}`,
    );
    assert.equal(reply.srcNodeId, nodeId);
    // The error is final.
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
    assert.match(
      await refused(bench, nodeId, bench.reply(instruction)),
      /no longer accepts a reply/,
    );
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
  assert.match(refusals[0]!.reason, /not the child/);
  const [error] = await bench.link.messages.pullReplies([instruction.messageId]);
  assert.match(error!.error!.reason, /not the child/);
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
  assert.match(refusals[0]!.reason, /another message/);
  assert.deepEqual(await bench.link.messages.pullReplies([reply.replyToMessageId]), []);
  assert.notEqual(reply.dstNodeId, nodeId);
  assert.equal(reply.dstNodeId, SUPERLINK_NODE_ID);
});
