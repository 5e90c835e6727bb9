import assert from "node:assert/strict";
import { linkTest } from "../../tests/link/harness.ts";

linkTest("counted traffic survives a failed write", async (bench) => {
  const nodeId = await bench.node(1000);
  await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  const caller = { nodeId, runId: bench.runId };
  const { bytes } = await bench.link.objects.pull(caller, "model");
  const sent = async () => (await bench.link.runs.get(bench.runId))!.bytesSent;
  const transaction = bench.store.transaction.bind(bench.store);
  bench.store.transaction = (kind, work, onCommit) =>
    transaction(kind, async (tx) => {
      await work(tx);
      throw new Error("disk full");
    }, onCommit);
  await assert.rejects(
    bench.refusalOf(bench.instruction(nodeId), []),
    /disk full/,
  );
  bench.store.transaction = transaction;
  assert.equal(await sent(), bytes!.length);
  await bench.restart();
  assert.equal(await sent(), bytes!.length);
});
