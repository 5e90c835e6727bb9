import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { OutcomeUnknown } from "../../link/transactions/outcome_unknown.ts";
import { NotSynced } from "../../link/transactions/transactions.ts";
import { type Bench, linkTest, UPDATE_OBJECTS } from "./harness.ts";

/** Lets the store commit and then reject with NotSynced while `failing` is set. */
function failingSync(bench: Bench): { failing: boolean } {
  const state = { failing: false };
  const transaction = bench.store.transaction.bind(bench.store);
  bench.store.transaction = async (kind, work, onCommit) => {
    const result = await transaction(kind, work, onCommit);
    if (!state.failing || kind !== "durable") return result;
    throw new NotSynced(result, new FlwrError("unavailable", "The SuperLink's disk is full"));
  };
  return state;
}

linkTest(
  "a reply that is committed but not synced ends the long poll for it",
  async (bench) => {
    const disk = failingSync(bench);
    const nodeId = await bench.node();
    const { messageId } = await bench.push(nodeId);
    const instruction = (await bench.link.messages.pullInstruction(nodeId))!;
    const held = bench.link.messages.pullReplies([messageId], { holdSeconds: 20 });
    const reply = bench.reply(instruction);
    disk.failing = true;
    await assert.rejects(bench.refusalOf(reply, UPDATE_OBJECTS), {
      code: "unavailable",
    });
    assert.equal((await held).length, 1);
    disk.failing = false;
    // The node must try again, and its reply is accepted once.
    assert.equal(await bench.refusalOf(reply, UPDATE_OBJECTS), undefined);
    assert.equal((await bench.link.messages.pullReplies([messageId])).length, 1);
    assert.equal(bench.eventsOf("instruction-answered").length, 1);
  },
);

linkTest("a submission whose run may be stored says so, and no other call does", async (bench) => {
  const { link } = bench;
  const fab = { hash: "fab", content: new Uint8Array([1]) };
  const run = { fabId: "me/app", fabVersion: "1.0.0", fab };
  const create = () => link.runs.create(run).catch((error) => error);
  const disk = failingSync(bench);
  disk.failing = true;
  const notSynced = await create();
  disk.failing = false;
  const { transaction } = bench.store;
  bench.store.transaction = () => Promise.reject(new OutcomeUnknown({}));
  const unknown = await create();
  bench.store.transaction = () => Promise.reject(new FlwrError("unavailable", "It is away"));
  const notStored = await create();
  bench.store.transaction = transaction;
  for (const [error, may] of [[notSynced, true], [unknown, true], [notStored, false]] as const) {
    assert.equal(error.code, "unavailable");
    assert.equal(/"flwr ls"/.test(error.message), may, error.message);
  }
});

linkTest("a transaction that is rolled back has no effects", async (bench) => {
  const nodeId = await bench.node();
  const { messageId } = await bench.push(nodeId);
  const instruction = (await bench.link.messages.pullInstruction(nodeId))!;
  const reply = bench.reply(instruction);
  const transaction = bench.store.transaction.bind(bench.store);
  bench.store.transaction = (kind, work, onCommit) =>
    transaction(kind, async (tx) => {
      await work(tx);
      throw new FlwrError("unavailable", "The SuperLink's disk is full");
    }, onCommit);
  await assert.rejects(bench.refusalOf(reply, UPDATE_OBJECTS), {
    code: "unavailable",
  });
  bench.store.transaction = transaction;
  assert.equal((await bench.link.messages.pullReplies([messageId])).length, 0);
  assert.equal(bench.eventsOf("instruction-answered").length, 0);
});
