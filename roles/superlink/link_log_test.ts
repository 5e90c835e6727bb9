import assert from "node:assert/strict";
import { configureSync, resetSync } from "@logtape/logtape";
import { FlwrError } from "../../base/error.ts";
import type { LinkNode } from "../../entities/node.ts";
import { nodeRecord } from "../../link/testing/records.ts";
import { LinkLog } from "./link_log.ts";

/** Has the log hear of events. @returns its lines, as they are put together from text and values */
function lines(body: (log: LinkLog) => void, options = {}): string[] {
  const written: string[] = [];
  configureSync({
    reset: true,
    sinks: { lines: ({ message }) => void written.push(message.join("")) },
    loggers: [
      { category: ["flwr"], lowestLevel: "debug", sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["lines"] },
    ],
  });
  body(new LinkLog(options));
  resetSync();
  return written;
}

const joined = (nodeId: bigint, name?: string, takeover = false) =>
  ({ kind: "node-joined", nodeId, takeover, ...(name !== undefined && { name }) }) as const;
const instruction = { messageId: "m", runId: 7n, messageType: "train", groupId: "1" };

Deno.test("each line of an event has its kind as its property, whatever its words", () => {
  const events: unknown[] = [];
  configureSync({
    reset: true,
    sinks: { events: ({ properties }) => void events.push(properties["event"]) },
    loggers: [
      { category: ["flwr"], lowestLevel: "debug", sinks: ["events"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["events"] },
    ],
  });
  const log = new LinkLog({});
  log.hear(joined(2n));
  log.hear({ kind: "run-finished", runId: 7n, state: "finished:failed", details: "no" });
  log.hear({
    kind: "instruction-handed-out",
    instruction: { ...instruction, nodeId: 2n },
    delivery: 1,
  });
  log.hear({ kind: "store-failed", error: new FlwrError("unavailable", "The disk is full") });
  log.hear({ kind: "store-recovered" });
  resetSync();
  assert.deepEqual(events, [
    "node-joined",
    "run-finished",
    "instruction-handed-out",
    "store-failed",
    "store-recovered",
  ]);
});

Deno.test("the log calls nodes by their names; a join says which id has which", () => {
  const written = lines((log) => {
    log.know([nodeRecord({ nodeId: 1n, name: "hospital-a" }) as LinkNode]);
    log.hear(joined(2n, "hospital-b"));
    log.hear(joined(2n, "hospital-b", true));
    log.hear(joined(3n));
    log.hear({ kind: "node-offline", nodeId: 1n, onlineUntil: 0 });
    log.hear({ kind: "node-offline", nodeId: 3n, onlineUntil: 0 });
    log.hear({
      kind: "instruction-failed",
      instruction: { ...instruction, nodeId: 2n },
      code: 2,
      reason: "no data",
    });
  });
  const expected = [
    /Node 2 joined as hospital-b$/,
    /Node 2 joined again as hospital-b /,
    /Node 3 joined$/,
    /Node hospital-a is offline/,
    /Node 3 is offline/,
    /node hospital-b\) failed: no data/,
  ];
  assert.equal(written.length, expected.length);
  expected.forEach((form, place) => assert.match(written[place]!, form));
});

Deno.test("the id stands behind names that are alike, and behind all with --verbose", () => {
  const tell = (log: LinkLog) => {
    log.hear(joined(1n, "a"));
    log.hear(joined(2n, "b"));
    log.hear(joined(3n, "A"));
    for (const nodeId of [1n, 2n]) log.hear({ kind: "node-returned", nodeId });
  };
  const shown = (written: string[]) => written.slice(3).map((line) => line.split(" is back")[0]);
  assert.deepEqual(shown(lines(tell)), ["Node a (1)", "Node b"]);
  assert.deepEqual(shown(lines(tell, { withIds: true })), ["Node a (1)", "Node b (2)"]);
});

Deno.test("a node that joins without a name has none any more, nor one that is forgotten", () => {
  const written = lines((log) => {
    log.hear(joined(1n, "a"));
    log.hear(joined(1n));
    log.hear({ kind: "node-returned", nodeId: 1n });
    log.hear(joined(2n, "b"));
    log.hear({ kind: "node-left", nodeId: 2n, forgotten: false });
    log.hear({ kind: "node-returned", nodeId: 2n });
    log.hear({ kind: "node-left", nodeId: 2n, forgotten: true });
    log.hear({ kind: "node-returned", nodeId: 2n });
  });
  assert.deepEqual(written.filter((line) => line.includes("is back")), [
    "Node 1 is back",
    "Node b is back",
    "Node 2 is back",
  ]);
});
