import assert from "node:assert/strict";
import { linkTest, object } from "../../tests/link/harness.ts";
import { handed } from "../messages/testing/pushing.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { BY_HAND } from "../testing/records.ts";

linkTest("a node can pull only objects of instructions that it was handed", async (bench) => {
  const [nodeId, other] = [await bench.node(1000), await bench.node(1000)];
  const instruction = await bench.push(nodeId);
  const pull = async (id: string, by = nodeId, runId = bench.runId) =>
    (await bench.link.objects.pull({ nodeId: by, runId }, id)).found;
  assert.equal(await pull("weights"), false, "not yet");
  await bench.link.messages.pullInstruction(nodeId);
  const tree = await bench.link.objects.treeOf(instruction.messageId);
  assert.deepEqual([...tree], [
    [instruction.messageId, ["model"]],
    ["model", ["weights", "layer"]],
    ["weights", []],
    ["layer", []],
  ]);
  for (const id of tree.keys()) {
    assert.equal(await pull(id), true, id);
    assert.equal(await pull(id, other), false, id);
    assert.equal(await pull(id, SUPERLINK_NODE_ID), false, id);
    assert.equal(await pull(id, nodeId, bench.runId ^ 1n), false, id);
  }
  const { bytes } = await bench.link.objects.pull({ nodeId, runId: bench.runId }, "weights");
  assert.deepEqual(bytes, object("weights").bytes);
  await bench.link.messages.confirmReceived({ nodeId, runId: bench.runId }, instruction.messageId);
  await bench.restart();
  assert.equal(await pull("weights"), true, "confirmed, but not answered");
  await bench.answer(instruction);
  assert.equal(await pull("weights"), false, "answered");
  assert.equal(await pull("gradients"), false, "an object of its own reply");
  await assert.rejects(bench.link.objects.treeOf(instruction.messageId), { code: "not-found" });
});

linkTest(
  "a ServerApp can pull objects of replies that it pulled, until it confirms them",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const instructions = [await handed(bench, nodeId), await handed(bench, nodeId)];
    const replies = [];
    for (const instruction of instructions) replies.push(await bench.answer(instruction));
    const caller = { nodeId: SUPERLINK_NODE_ID, runId: bench.runId };
    const pull = async (id: string) => (await bench.link.objects.pull(caller, id)).found;
    assert.equal(await pull("gradients"), false, "not pulled yet");
    const told = () =>
      bench.link.messages.pullReplies([instructions[0]!.messageId], { runId: bench.runId });
    assert.deepEqual(await told(), [replies[0]]);
    const { run: { runId } } = await bench.link.runs.start(BY_HAND);
    assert.deepEqual(await bench.link.objects.pull({ ...caller, runId }, "gradients"), {
      found: false,
    });
    // It confirms replies, so they are kept until the instruction expires.
    await bench.pass(900);
    assert.deepEqual(await told(), [replies[0]]);
    for (const id of (await bench.link.objects.treeOf(replies[0]!.messageId)).keys()) {
      assert.equal(await pull(id), true, id);
    }
    assert.equal(await pull(replies[1]!.messageId), false);
    await bench.link.messages.confirmReceived(caller, replies[1]!.messageId);
    await bench.link.messages.confirmReceived({ ...caller, nodeId }, replies[0]!.messageId);
    await bench.link.messages.confirmReceived({ ...caller, runId }, replies[0]!.messageId);
    assert.equal(await pull("gradients"), true);
    await bench.link.messages.confirmReceived(caller, replies[0]!.messageId);
    assert.equal(await pull("gradients"), false);
    await bench.link.messages.confirmReceived(caller, replies[0]!.messageId);
    assert.equal((await told())[0]?.error?.code, 3);
    assert.equal((await bench.store.usage()).replies, 1);
  },
);

linkTest("an error reply has an object like every message", async (bench) => {
  const nodeId = await bench.node(10);
  const { messageId } = await bench.push(nodeId);
  await bench.pass(11);
  const { runId } = bench;
  const [error] = await bench.link.messages.pullReplies([messageId], { runId });
  assert.equal(error?.error?.code, 5);
  const id = error.messageId;
  assert.deepEqual([...await bench.link.objects.treeOf(id)], [[id, []]]);
  const caller = { nodeId: SUPERLINK_NODE_ID, runId };
  assert.equal((await bench.link.objects.pull(caller, id)).found, true);
  await bench.link.messages.confirmReceived(caller, id);
  const { instructions, replies, objects } = await bench.store.usage();
  assert.deepEqual([instructions, replies, objects], [0, 0, 0]);
});
