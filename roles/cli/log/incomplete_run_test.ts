import assert from "node:assert/strict";
import type { JournalRecord } from "../../../entities/journal.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import type { RunSummary } from "../../../rpc/dialects/current/client/control_summaries.ts";
import { isIncomplete } from "../../../hosting/app/incomplete.ts";
import { withMissingNodes } from "./incomplete_run.ts";

const RUN = { runId: 1n, status: "finished", subStatus: "completed", details: "" } as RunSummary;

/** The answer of a node. */
function answered(nodeId: bigint, isError: boolean): JournalRecord {
  return {
    kind: "instruction-answered",
    ...{ sequence: 1, at: 2, runId: 1n, nodeId },
    data: {
      ...{ messageId: "", messageType: "train", groupId: "1", pushedAt: 1 },
      ...(isError && { error: { code: 2, reason: "no data" } }),
    },
  };
}

const control = (records: JournalRecord[] | Error | undefined) =>
  ({
    runEvents: () => records instanceof Error ? Promise.reject(records) : Promise.resolve(records),
    listNodes: () => Promise.resolve({ items: [{ nodeId: 6n, name: "hospital-b" }], now: 0 }),
  }) as unknown as ControlClient;

Deno.test("a completed run in which a node only failed is incomplete, if its app has not said so", async () => {
  const records = [answered(5n, false), answered(6n, true)];
  const { details } = await withMissingNodes(control(records), RUN);
  assert.ok(isIncomplete(details));
  assert.match(details, /1 of 2 nodes.*hospital-b/);
  const reported: JournalRecord = {
    kind: "strategy-started",
    ...{ sequence: 1, at: 1, runId: 1n },
    data: { strategy: "FedAvg", rounds: 1 },
  };
  const unchanged: [JournalRecord[] | Error | undefined, RunSummary][] = [
    [[answered(5n, false), answered(6n, false)], RUN],
    [[reported, ...records], RUN],
    [records, { ...RUN, subStatus: "stopped" }],
    [records, { ...RUN, details: "of its own" }],
    [undefined, RUN],
    [new Error("no such call"), RUN],
  ];
  for (const [given, run] of unchanged) {
    assert.equal(await withMissingNodes(control(given), run), run);
  }
});
