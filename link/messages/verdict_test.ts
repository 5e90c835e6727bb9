import assert from "node:assert/strict";
import { DEFAULT_LINK_LIMITS } from "../limits.ts";
import type { NodeRecord } from "../nodes/node_table.ts";
import { nodeRecord } from "../testing/records.ts";
import type { InstructionRecord } from "./message_tables.ts";
import { verdictOn } from "./verdict.ts";

const NOW = 1_800_000_000;
const NODE = nodeRecord();
const WAITING: InstructionRecord = {
  message: {
    messageId: "i",
    runId: 5n,
    srcNodeId: 1n,
    dstNodeId: 9n,
    replyToMessageId: "",
    groupId: "",
    messageType: "train",
    createdAt: NOW,
    pushedAt: NOW,
    ttl: 100,
    content: "model",
  },
  state: "waiting",
  deliveries: 0,
  replyPulled: false,
  dueAt: NOW + 100,
};

const CASES: readonly [
  string,
  Partial<InstructionRecord>,
  NodeRecord | undefined,
  number,
  number | undefined,
][] = [
  ["waits for an online node", {}, NODE, 0, undefined],
  ["was handed to an online node", { state: "handed-out", deliveries: 5 }, NODE, 0, undefined],
  ["waits after too many deliveries", { deliveries: 5 }, NODE, 0, 8],
  ["waits for a node that is offline", {}, { ...NODE, state: "offline" }, 0, 5],
  ["waits for a node whose heartbeat is overdue", {}, NODE, 30, 5],
  ["was handed to a node that left", { state: "handed-out" }, { ...NODE, state: "left" }, 0, 5],
  ["waits for a node that was removed", {}, undefined, 0, 5],
  ["has expired", { state: "handed-out" }, { ...NODE, onlineUntil: NOW + 500 }, 100, 3],
  ["was answered", { state: "answered" }, undefined, 0, undefined],
  ["was answered, but not pulled in time", { state: "answered" }, undefined, 100, 4],
  [
    "was answered and pulled in time",
    { state: "answered", replyPulled: true },
    undefined,
    100,
    undefined,
  ],
  ["already has an error reply", { state: "undeliverable" }, undefined, 100, undefined],
];

for (const [name, changes, node, seconds, code] of CASES) {
  Deno.test(`an instruction that ${name}: ${code ? `error ${code}` : "no error"}`, () => {
    const instruction = { ...WAITING, ...changes };
    const verdict = verdictOn(instruction, node, NOW + seconds, DEFAULT_LINK_LIMITS);
    assert.equal(verdict?.error.code, code);
    if (verdict !== undefined) assert.match(verdict.error.reason, /"9"/);
  });
}
