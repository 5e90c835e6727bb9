import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import type { LinkContext } from "./context.ts";
import { DEFAULT_LINK_LIMITS } from "./limits.ts";
import type { PushRecord } from "./messages/push_table.ts";
import { StagedBytes } from "./messages/staged_bytes.ts";
import { TrafficMeter } from "./runs/traffic.ts";
import { MemoryStore } from "./store/memory.ts";
import { runRecord } from "./testing/records.ts";
import { StoreTrouble } from "./transactions/store_trouble.ts";
import { transactions } from "./transactions/transactions.ts";
import { saveCounts } from "./unsaved_counts.ts";

const OPEN: PushRecord = {
  sessionId: "open",
  nodeId: 1n,
  runId: 1n,
  state: "open",
  stagedBytes: 5,
  dueAt: 100,
};

Deno.test("counts in memory are stored, and those of runs and pushes that ended elsewhere go", async () => {
  const [traffic, staged, store] = [new TrafficMeter(), new StagedBytes(), new MemoryStore()];
  const context = {
    limits: { ...DEFAULT_LINK_LIMITS, housekeepingBatch: 2 },
    traffic,
    staged,
    transact: transactions({
      store,
      open: (tables) => tables,
      trouble: new StoreTrouble(new FakeClock(), () => {}),
      closing: new AbortController().signal,
      onEvent: () => {},
      onTopics: () => {},
      onDue: () => {},
    }),
  } as unknown as LinkContext;
  await context.transact("relaxed", async (tx, effects) => {
    await tx.runs.put(runRecord({ runId: 1n }));
    await tx.runs.put(runRecord({ runId: 2n, state: "finished:stopped" }));
    for (let runId = 1n; runId <= 5n; runId++) traffic.send(effects, runId, 10);
    await tx.pushes.put(OPEN);
    await tx.pushes.put({ ...OPEN, sessionId: "settled", state: "settled" });
    for (const id of ["open", "settled", "removed", "too"]) staged.add(effects, id, 7);
  });
  await saveCounts(context);
  assert.deepEqual([traffic.runs(), staged.sessions()], [[], []]);
  await context.transact("relaxed", async (tx) => {
    for (const runId of [1n, 2n]) assert.equal((await tx.runs.get(runId))?.bytesSent, 10);
    assert.equal((await tx.pushes.get("open"))?.stagedBytes, 12);
    assert.equal((await tx.pushes.get("settled"))?.stagedBytes, 5);
  });
});
