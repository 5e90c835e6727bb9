import assert from "node:assert/strict";
import { configureSync, resetSync } from "@logtape/logtape";
import { FlwrError } from "../../base/error.ts";
import type { LinkNode } from "../../entities/node.ts";
import { nodeRecord } from "../../link/testing/records.ts";
import { LinkLog } from "./link_log.ts";

/** Passes events to the log. @returns its lines, with template and values */
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

Deno.test("each line has the event's kind as a property", () => {
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
  log.onEvent(joined(2n));
  log.onEvent({ kind: "run-finished", runId: 7n, state: "finished:failed", details: "no" });
  log.onEvent({
    kind: "instruction-handed-out",
    instruction: { ...instruction, nodeId: 2n },
    delivery: 1,
  });
  log.onEvent({ kind: "store-failed", error: new FlwrError("unavailable", "The disk is full") });
  log.onEvent({ kind: "store-recovered" });
  resetSync();
  assert.deepEqual(events, [
    "node-joined",
    "run-finished",
    "instruction-handed-out",
    "store-failed",
    "store-recovered",
  ]);
});

Deno.test("the log has the names of nodes; a join has name and id", () => {
  const written = lines((log) => {
    log.addNodes([nodeRecord({ nodeId: 1n, name: "hospital-a" }) as LinkNode]);
    log.onEvent(joined(2n, "hospital-b"));
    log.onEvent(joined(2n, "hospital-b", true));
    log.onEvent(joined(3n));
    log.onEvent({ kind: "node-offline", nodeId: 1n, onlineUntil: 0 });
    log.onEvent({ kind: "node-offline", nodeId: 3n, onlineUntil: 0 });
    log.onEvent({
      kind: "instruction-failed",
      instruction: { ...instruction, nodeId: 2n },
      times: { pushedAt: 0 },
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

Deno.test("the id follows names that are not unique, and with --verbose all names", () => {
  const tell = (log: LinkLog) => {
    log.onEvent(joined(1n, "a"));
    log.onEvent(joined(2n, "b"));
    log.onEvent(joined(3n, "A"));
    for (const nodeId of [1n, 2n]) log.onEvent({ kind: "node-returned", nodeId });
  };
  const shown = (written: string[]) => written.slice(3).map((line) => line.split(" is back")[0]);
  assert.deepEqual(shown(lines(tell)), ["Node a (1)", "Node b"]);
  assert.deepEqual(shown(lines(tell, { withIds: true })), ["Node a (1)", "Node b (2)"]);
});

Deno.test("the name is forgotten for a node that joins without one or is removed", () => {
  const written = lines((log) => {
    log.onEvent(joined(1n, "a"));
    log.onEvent(joined(1n));
    log.onEvent({ kind: "node-returned", nodeId: 1n });
    log.onEvent(joined(2n, "b"));
    log.onEvent({ kind: "node-left", nodeId: 2n, forgotten: false });
    log.onEvent({ kind: "node-returned", nodeId: 2n });
    log.onEvent({ kind: "node-left", nodeId: 2n, forgotten: true });
    log.onEvent({ kind: "node-returned", nodeId: 2n });
  });
  assert.deepEqual(written.filter((line) => line.includes("is back")), [
    "Node 1 is back",
    "Node b is back",
    "Node 2 is back",
  ]);
});
