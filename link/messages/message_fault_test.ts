import assert from "node:assert/strict";
import { DEFAULT_LINK_LIMITS } from "../limits.ts";
import type { NodeRecord } from "../nodes/node_table.ts";
import type { RunRecord } from "../runs/run_table.ts";
import { nodeRecord, runRecord } from "../testing/records.ts";
import type { NewLinkMessage } from "../../entities/message.ts";
import { instructionFault, replyFault, rootFault, treeFault } from "./message_fault.ts";
import type { ObjectTree } from "../../entities/object.ts";
import type { MessageRefusal, RefusalCode } from "../../entities/push.ts";
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

/** Asserts a refusal's code, and its text: the other tests compare the code only. */
function assertRefused(
  refusal: MessageRefusal | undefined,
  code: RefusalCode,
  reason: RegExp,
): void {
  assert.equal(refusal?.code, code);
  assert.match(refusal.reason, reason);
}

/** Faults of both kinds of messages. */
const GENERAL: readonly [string, Partial<NewLinkMessage>, RefusalCode, RegExp][] = [
  [
    "created before Flower 1.9",
    { createdAt: 1_711_497_599 },
    "created-at-invalid",
    /createdAt .* not 1711497599/,
  ],
  [
    "with an undefined creation time",
    { createdAt: NaN },
    "created-at-invalid",
    /createdAt .* not NaN/,
  ],
  [
    "with an infinite creation time",
    { createdAt: -Infinity },
    "created-at-invalid",
    /createdAt .* not -Infinity/,
  ],
  ["with no ttl", { ttl: 0 }, "ttl-invalid", /a positive number of seconds, not 0/],
  ["with a negative ttl", { ttl: -1 }, "ttl-invalid", /positive/],
  ["with an undefined ttl", { ttl: NaN }, "ttl-invalid", /positive/],
  [
    "with both content and error",
    { error: { code: 0, reason: "" } },
    "content-or-error",
    /this one has both/,
  ],
  [
    "with neither content nor error",
    { content: undefined },
    "content-or-error",
    /this one has neither/,
  ],
];

Deno.test("a valid instruction has no fault", () => {
  assert.equal(instructionFault(INSTRUCTION, RUN, NODE, NOW, LIMITS), undefined);
  const offline: NodeRecord = { ...NODE, state: "offline" };
  assert.equal(instructionFault(INSTRUCTION, RUN, offline, NOW, LIMITS), undefined);
  const { content: _, ...rest } = INSTRUCTION;
  const error = { ...rest, error: { code: 0, reason: "" } };
  assert.equal(instructionFault(error, RUN, NODE, NOW, LIMITS), undefined);
});

const INSTRUCTION_FAULTS: readonly [string, Partial<NewLinkMessage>, RefusalCode, RegExp][] = [
  ...GENERAL,
  ["from a node", { srcNodeId: 9n }, "wrong-source", /source .* not "9"/],
  ["that answers", { replyToMessageId: "x" }, "is-a-reply", /answers "x"/],
  ["from the future", { createdAt: NOW + 300.1 }, "created-in-the-future", /300 s in the future/],
  ["with an infinite ttl", { ttl: Infinity }, "ttl-too-long", /above 2592000 s: Infinity/],
  ["that has expired", { ttl: 10 }, "expired", /has expired: created at 1799999990, ttl 10 s/],
  ["without a type", { messageType: "" }, "type-empty", /type is empty/],
  [
    "with a type that is too long",
    { messageType: "t".repeat(1025) },
    "label-too-long",
    /1024 characters: "t{40}…"/,
  ],
  [
    "with a group that is too long",
    { groupId: "g".repeat(1025) },
    "label-too-long",
    /longer than 1024/,
  ],
];

for (const [name, changes, code, sentence] of INSTRUCTION_FAULTS) {
  Deno.test(`an instruction ${name} is refused`, () => {
    const fault = instructionFault({ ...INSTRUCTION, ...changes }, RUN, NODE, NOW, LIMITS);
    assertRefused(fault, code, sentence);
  });
}

Deno.test("an instruction without its run or node is refused", () => {
  const fault = (run?: RunRecord, node?: NodeRecord) =>
    instructionFault(INSTRUCTION, run, node, NOW, LIMITS);
  assertRefused(fault(undefined, NODE), "run-unknown", /Run "5" is unknown/);
  const ended: RunRecord = { ...RUN, state: "finished:stopped" };
  assertRefused(fault(ended, NODE), "run-ended", /Run "5" accepts no messages: finished:stopped/);
  assertRefused(fault(RUN, undefined), "node-unknown", /Node "9" is unknown or has left/);
  assert.equal(fault(RUN, { ...NODE, state: "left" })?.code, "node-unknown");
});

Deno.test("a valid reply has no fault, even if its instruction was requeued", () => {
  assert.equal(replyFault(REPLY, 9n, RECORD, NOW, LIMITS), undefined);
  assert.equal(replyFault(REPLY, 9n, { ...RECORD, state: "waiting" }, NOW, LIMITS), undefined);
  assert.equal(replyFault({ ...REPLY, ttl: 90.05 }, 9n, RECORD, NOW, LIMITS), undefined);
});

const REPLY_FAULTS: readonly [string, Partial<NewLinkMessage>, RefusalCode, RegExp][] = [
  ...GENERAL,
  [
    "in another node's name",
    { srcNodeId: 8n },
    "wrong-source",
    /"9" sent a reply in the name of node "8"/,
  ],
  ["to another node", { dstNodeId: 8n }, "wrong-destination", /destination .* not "8"/],
  ["for another run", { runId: 6n }, "other-run", /run "6".* run "5"/],
  ["for another group", { groupId: "2" }, "other-group", /group "2".* group "1"/],
  ["of another type", { messageType: "evaluate" }, "other-type", /type "evaluate".* type "train"/],
  [
    "that expires after its instruction",
    { ttl: 90.2 },
    "outlives-instruction",
    /expires after its instruction/,
  ],
];

for (const [name, changes, code, sentence] of REPLY_FAULTS) {
  Deno.test(`a reply ${name} is refused`, () => {
    assertRefused(replyFault({ ...REPLY, ...changes }, 9n, RECORD, NOW, LIMITS), code, sentence);
  });
}

const REPLY_STATE_FAULTS: readonly [string, Partial<InstructionRecord>, RefusalCode, RegExp][] = [
  [
    "that was never handed out",
    { state: "waiting", deliveries: 0 },
    "instruction-unknown",
    /was not handed to node "9"/,
  ],
  ["that was answered", { state: "answered" }, "instruction-answered", /already answered/],
  ["that failed", { state: "undeliverable" }, "instruction-ended", /undeliverable/],
  [
    "of another node",
    { message: { ...RECORD.message, dstNodeId: 8n } },
    "instruction-unknown",
    /not handed to node "9"/,
  ],
  [
    "that has expired",
    { message: { ...RECORD.message, ttl: 10 } },
    "instruction-expired",
    /has expired: ttl 10 s/,
  ],
];

for (const [name, changes, code, sentence] of REPLY_STATE_FAULTS) {
  Deno.test(`a reply to an instruction ${name} is refused`, () => {
    assertRefused(replyFault(REPLY, 9n, { ...RECORD, ...changes }, NOW, LIMITS), code, sentence);
  });
}

Deno.test("a reply to an unknown instruction is refused like one to another node's instruction", () => {
  const foreign = { ...RECORD, message: { ...RECORD.message, dstNodeId: 8n } };
  assert.deepEqual(
    replyFault(REPLY, 9n, undefined, NOW, LIMITS),
    replyFault(REPLY, 9n, foreign, NOW, LIMITS),
  );
});

Deno.test("the content is the only child of a message's own object", () => {
  assert.equal(rootFault(INSTRUCTION, ["model"]), undefined);
  const { content: _, ...rest } = INSTRUCTION;
  assert.equal(rootFault({ ...rest, error: { code: 2, reason: "" } }, []), undefined);
  for (const children of [[], ["other"], ["model", "other"]]) {
    assertRefused(
      rootFault(INSTRUCTION, children),
      "content-not-child",
      /not the child of its own/,
    );
  }
  assert.equal(rootFault(rest, ["model"])?.code, "content-not-child");
});

Deno.test("an announced tree starts at the message, has a limited depth, and contains the content", () => {
  const tree = new Map([["i", ["model"]], ["model", ["layer"]], ["layer", []]]);
  assert.equal(treeFault(INSTRUCTION, tree, LIMITS), undefined);
  // Objects that are not announced may already be stored.
  assert.equal(treeFault(INSTRUCTION, new Map([["i", ["model"]]]), LIMITS), undefined);
  const fault = (tree?: ObjectTree) => treeFault(INSTRUCTION, tree, LIMITS);
  assertRefused(fault(), "objects-not-announced", /were not announced/);
  assert.equal(fault(new Map([["x", []]]))?.code, "objects-not-announced");
  assert.equal(fault(new Map([["i", ["x"]]]))?.code, "content-not-child");
  const circle = new Map([["i", ["model"]], ["model", ["i"]]]);
  assertRefused(fault(circle), "objects-too-deep", /more than 16 deep/);
});
