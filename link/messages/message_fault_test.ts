import assert from "node:assert/strict";
import { DEFAULT_LINK_LIMITS } from "../limits.ts";
import type { NodeRecord } from "../nodes/node_table.ts";
import type { RunRecord } from "../runs/run_table.ts";
import { nodeRecord, runRecord } from "../testing/records.ts";
import type { NewLinkMessage } from "../../entities/message.ts";
import { instructionFault, replyFault, rootFault, treeFault } from "./message_fault.ts";
import type { InstructionRecord } from "./message_tables.ts";

const NOW = 1_800_000_000;
const LIMITS = DEFAULT_LINK_LIMITS;
const RUN = runRecord({ runId: 5n });
const NODE = nodeRecord();
const INSTRUCTION: NewLinkMessage = {
  messageId: "i",
  runId: 5n,
  srcNodeId: 1n,
  dstNodeId: 9n,
  replyToMessageId: "",
  groupId: "1",
  messageType: "train",
  createdAt: NOW - 10,
  ttl: 100,
  content: "model",
};
const RECORD: InstructionRecord = {
  message: { ...INSTRUCTION, pushedAt: NOW - 10 },
  state: "handed-out",
  deliveries: 1,
  replyPulled: false,
  dueAt: NOW + 90,
};
const REPLY: NewLinkMessage = {
  ...INSTRUCTION,
  messageId: "r",
  srcNodeId: 9n,
  dstNodeId: 1n,
  replyToMessageId: "i",
  createdAt: NOW,
  ttl: 90,
  content: "update",
};

/** Faults of both kinds of messages. */
const GENERAL: readonly [string, Partial<NewLinkMessage>, RegExp][] = [
  ["created before Flower 1.9", { createdAt: 1_711_497_599 }, /createdAt .* not 1711497599/],
  ["with an undefined creation time", { createdAt: NaN }, /createdAt .* not NaN/],
  ["with an infinite creation time", { createdAt: -Infinity }, /createdAt .* not -Infinity/],
  ["with no ttl", { ttl: 0 }, /a positive number of seconds, not 0/],
  ["with a negative ttl", { ttl: -1 }, /positive/],
  ["with an undefined ttl", { ttl: NaN }, /positive/],
  ["with both content and error", { error: { code: 0, reason: "" } }, /this one has both/],
  ["with neither content nor error", { content: undefined }, /this one has neither/],
];

Deno.test("a valid instruction has no fault", () => {
  assert.equal(instructionFault(INSTRUCTION, RUN, NODE, NOW, LIMITS), undefined);
  const offline: NodeRecord = { ...NODE, state: "offline" };
  assert.equal(instructionFault(INSTRUCTION, RUN, offline, NOW, LIMITS), undefined);
  const { content: _, ...rest } = INSTRUCTION;
  const error = { ...rest, error: { code: 0, reason: "" } };
  assert.equal(instructionFault(error, RUN, NODE, NOW, LIMITS), undefined);
});

const INSTRUCTION_FAULTS: readonly [string, Partial<NewLinkMessage>, RegExp][] = [
  ...GENERAL,
  ["from a node", { srcNodeId: 9n }, /source .* not "9"/],
  ["that answers", { replyToMessageId: "x" }, /answers "x"/],
  ["from the future", { createdAt: NOW + 300.1 }, /300 s in the future/],
  ["with an infinite ttl", { ttl: Infinity }, /above 2592000 s: Infinity/],
  ["that has expired", { ttl: 10 }, /has expired: created at 1799999990, ttl 10 s/],
  ["without a type", { messageType: "" }, /type is empty/],
  ["with a type that is too long", { messageType: "t".repeat(1025) }, /1024 characters: "t{40}…"/],
  ["with a group that is too long", { groupId: "g".repeat(1025) }, /longer than 1024/],
];

for (const [name, changes, sentence] of INSTRUCTION_FAULTS) {
  Deno.test(`an instruction ${name} is refused`, () => {
    const fault = instructionFault({ ...INSTRUCTION, ...changes }, RUN, NODE, NOW, LIMITS);
    assert.match(fault ?? "taken", sentence);
  });
}

Deno.test("an instruction without its run or node is refused", () => {
  const fault = (run?: RunRecord, node?: NodeRecord) =>
    instructionFault(INSTRUCTION, run, node, NOW, LIMITS) ?? "taken";
  assert.match(fault(undefined, NODE), /Run "5" is unknown/);
  assert.match(
    fault({ ...RUN, state: "finished:stopped" }, NODE),
    /Run "5" accepts no messages: finished:stopped/,
  );
  assert.match(fault(RUN, undefined), /Node "9" is unknown/);
  assert.match(fault(RUN, { ...NODE, state: "left" }), /Node "9" is unknown or has left/);
});

Deno.test("a valid reply has no fault, even if its instruction was requeued", () => {
  assert.equal(replyFault(REPLY, 9n, RECORD, NOW, LIMITS), undefined);
  assert.equal(replyFault(REPLY, 9n, { ...RECORD, state: "waiting" }, NOW, LIMITS), undefined);
  assert.equal(replyFault({ ...REPLY, ttl: 90.05 }, 9n, RECORD, NOW, LIMITS), undefined);
});

const REPLY_FAULTS: readonly [string, Partial<NewLinkMessage>, RegExp][] = [
  ...GENERAL,
  ["in another node's name", { srcNodeId: 8n }, /"9" sent a reply in the name of node "8"/],
  ["to another node", { dstNodeId: 8n }, /destination .* not "8"/],
  ["for another run", { runId: 6n }, /run "6".* run "5"/],
  ["for another group", { groupId: "2" }, /group "2".* group "1"/],
  ["of another type", { messageType: "evaluate" }, /type "evaluate".* type "train"/],
  ["that expires after its instruction", { ttl: 90.2 }, /expires after its instruction/],
];

for (const [name, changes, sentence] of REPLY_FAULTS) {
  Deno.test(`a reply ${name} is refused`, () => {
    assert.match(
      replyFault({ ...REPLY, ...changes }, 9n, RECORD, NOW, LIMITS) ?? "taken",
      sentence,
    );
  });
}

const REPLY_STATE_FAULTS: readonly [string, Partial<InstructionRecord>, RegExp][] = [
  ["that was never handed out", { state: "waiting", deliveries: 0 }, /was not handed to node "9"/],
  ["that was answered", { state: "answered" }, /already answered/],
  ["that failed", { state: "undeliverable" }, /undeliverable/],
  ["of another node", { message: { ...RECORD.message, dstNodeId: 8n } }, /not handed to node "9"/],
  ["that has expired", { message: { ...RECORD.message, ttl: 10 } }, /has expired: ttl 10 s/],
];

for (const [name, changes, sentence] of REPLY_STATE_FAULTS) {
  Deno.test(`a reply to an instruction ${name} is refused`, () => {
    assert.match(
      replyFault(REPLY, 9n, { ...RECORD, ...changes }, NOW, LIMITS) ?? "taken",
      sentence,
    );
  });
}

Deno.test("a reply to an unknown instruction is refused like one to another node's instruction", () => {
  const foreign = { ...RECORD, message: { ...RECORD.message, dstNodeId: 8n } };
  assert.equal(
    replyFault(REPLY, 9n, undefined, NOW, LIMITS),
    replyFault(REPLY, 9n, foreign, NOW, LIMITS),
  );
});

Deno.test("the content is the only child of a message's own object", () => {
  assert.equal(rootFault(INSTRUCTION, ["model"]), undefined);
  const { content: _, ...rest } = INSTRUCTION;
  assert.equal(rootFault({ ...rest, error: { code: 2, reason: "" } }, []), undefined);
  for (const children of [[], ["other"], ["model", "other"]]) {
    assert.match(rootFault(INSTRUCTION, children)!, /not the child of its own object/);
  }
  assert.match(rootFault(rest, ["model"])!, /not the child/);
});

Deno.test("an announced tree starts at the message, has a limited depth, and contains the content", () => {
  const tree = new Map([["i", ["model"]], ["model", ["layer"]], ["layer", []]]);
  assert.equal(treeFault(INSTRUCTION, tree, LIMITS), undefined);
  // Objects that are not announced may already be stored.
  assert.equal(treeFault(INSTRUCTION, new Map([["i", ["model"]]]), LIMITS), undefined);
  assert.match(treeFault(INSTRUCTION, undefined, LIMITS)!, /were not announced/);
  assert.match(treeFault(INSTRUCTION, new Map([["x", []]]), LIMITS)!, /were not announced/);
  assert.match(treeFault(INSTRUCTION, new Map([["i", ["x"]]]), LIMITS)!, /not the child/);
  const circle = new Map([["i", ["model"]], ["model", ["i"]]]);
  assert.match(treeFault(INSTRUCTION, circle, LIMITS)!, /more than 16 deep/);
});
