import assert from "node:assert/strict";
import { linkMessage, nodeRecord, runRecord } from "../testing/records.ts";
import { eachStore } from "./testing/each_store.ts";

eachStore("gauges count what is there, by state and kind", async (store) => {
  const empty = await store.gauges();
  const { bytes: _bytes, freeBytes, ...amounts } = empty;
  assert.deepEqual(amounts, { nodes: {}, runs: {}, instructions: [], objects: 0 });
  if (freeBytes !== undefined) assert.ok(freeBytes > 0);
  await store.transaction("relaxed", async (tx) => {
    await tx.nodes.putAll([
      nodeRecord({ nodeId: 1n, state: "online" }),
      nodeRecord({ nodeId: 2n ** 64n - 1n, state: "online" }),
      nodeRecord({ nodeId: 3n, state: "left" }),
    ]);
    await tx.runs.put(runRecord({ runId: 3n, state: "running", pendingAt: 5 }));
    await tx.runs.put(runRecord({ runId: 4n, state: "pending", pendingAt: 20 }));
    await tx.runs.put(runRecord({ runId: 5n, state: "pending", pendingAt: 10 }));
    await tx.runs.put(
      runRecord({ runId: 6n, state: "finished:failed", pendingAt: 1, finishedAt: 2 }),
    );
    const instructions = [
      ["a", "train", "waiting", 30],
      ["b", "train.fast", "waiting", 25],
      ["c", "train", "handed-out", 7],
      ["d", "\0odd", "waiting", 40],
      ["e", "evaluate", "answered", 1],
    ] as const;
    await tx.instructions.addAll(
      instructions.map(([messageId, messageType, state, pushedAt]) => ({
        message: linkMessage({ messageId, messageType, pushedAt, runId: 3n }),
        state,
        deliveries: 1,
        replyPulled: false,
        dueAt: 1e6,
      })),
    );
  });
  const gauges = await store.gauges();
  assert.deepEqual(gauges.nodes, { online: 2, left: 1 });
  assert.deepEqual(gauges.runs, { running: 1, pending: 2 });
  const counts = gauges.instructions.map(({ state, kind, count }) => `${state} ${kind} ${count}`);
  assert.deepEqual(counts.sort(), ["handed-out train 1", "waiting other 1", "waiting train 2"]);
  assert.equal(gauges.oldestWaiting, 25);
  assert.equal(gauges.oldestPending, 10);
  if (gauges.bytes !== undefined) assert.ok(gauges.bytes > 4096);
});
