import assert from "node:assert/strict";
import { type Bench, linkTest, rootOf, UPDATE_OBJECTS } from "./harness.ts";

// Each of these tests fails if a rolled-back attempt of a transaction leaves something behind.

const FAB = {
  fabId: "me/app",
  fabVersion: "1.0.0",
  fab: { hash: "fab", content: new Uint8Array([1]) },
};

linkTest("a run is reported once, however many attempts its transaction needs", async (bench) => {
  bench.events.length = 0;
  const { runId } = await bench.link.runs.create(FAB);
  assert.deepEqual(bench.events, [{ kind: "run-created", runId }]);
});

linkTest("bytes that a run receives are counted once", async (bench) => {
  const nodeId = await bench.node();
  await bench.push(nodeId);
  const instruction = (await bench.link.messages.pullInstruction(nodeId))!;
  const received = async () => (await bench.link.runs.get(bench.runId))!.bytesReceived;
  const before = await received();
  const reply = bench.reply(instruction);
  const objects = [...UPDATE_OBJECTS, rootOf(reply)];
  assert.equal(await bench.refusalOf(reply, UPDATE_OBJECTS), undefined);
  assert.equal(
    await received() - before,
    objects.reduce((sum, { bytes }) => sum + bytes.length, 0),
  );
});

linkTest("inline objects are counted and staged once", async (bench) => {
  const nodeId = await bench.node();
  await bench.push(nodeId);
  const instruction = (await bench.link.messages.pullInstruction(nodeId))!;
  const reply = bench.reply(instruction);
  const all = [...UPDATE_OBJECTS, rootOf(reply)];
  // The model's layer is stored. The limit allows exactly the other objects.
  const [brought, ...others] = all.filter(({ id }) => id !== "layer");
  const bytes = [brought!, ...others].reduce((sum, each) => sum + each.bytes.length, 0);
  await bench.restart({ maxOpenPushBytes: bytes });
  await bench.link.messages.pullInstruction(nodeId);
  const received = async () => (await bench.link.runs.get(bench.runId))!.bytesReceived;
  const before = await received();
  const { sessionId } = await bench.link.messages.openPush({
    nodeId,
    runId: bench.runId,
    messages: [reply],
    trees: [new Map(all.map(({ id, children }) => [id, children]))],
    inlineObjects: new Map([[brought!.id, { object: brought! }]]),
  });
  for (const each of others) {
    const push = { nodeId, runId: bench.runId, sessionId };
    assert.equal(await bench.link.messages.putObject(push, each), true, each.id);
  }
  assert.equal(await received() - before, bytes);
});

linkTest("errors are counted once when a run ends", async (bench) => {
  const details = await endWithErrors(bench);
  assert.match(details, /^No node returned a result: the only reply was an error\b/);
});

async function endWithErrors(bench: Bench): Promise<string> {
  const { link } = bench;
  const { runId } = await link.runs.create(FAB);
  const { token } = (await link.runs.claim({ runId }))!;
  await link.runs.begin(token);
  const nodeId = await bench.node();
  await bench.push(nodeId, { runId });
  const { content: _, ...instruction } = (await link.messages.pullInstruction(nodeId))!;
  const { content: __, ...reply } = {
    ...bench.reply(instruction),
    error: { code: 2, reason: "no" },
  };
  assert.equal(await bench.refusalOf(reply, []), undefined);
  await link.runs.finish(token, { outcome: "completed", details: "" });
  return (await link.runs.get(runId))!.details;
}
