import { isMember } from "../nodes/node_state.ts";
import type { NodeRecord } from "../nodes/node_table.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { ObjectLimits } from "../objects/context.ts";
import type { ObjectId, ObjectTree } from "../../entities/object.ts";
import type { MessageRefusal, RefusalCode } from "../../entities/push.ts";
import { takesMessages } from "../../entities/run.ts";
import type { RunRecord } from "../runs/run_table.ts";
import type { MessageLimits } from "./context.ts";
import { isOpen } from "./instruction_state.ts";
import { expiryOf, type NewLinkMessage } from "../../entities/message.ts";
import type { InstructionRecord } from "./message_tables.ts";

/**
 * Checks an instruction's metadata, not its content.
 *
 * @param run the run that the instruction names, if it exists
 * @param node the node that the instruction is for, if it exists
 * @param now Unix time in seconds
 * @returns why the instruction is refused; undefined if it is valid
 */
export function instructionFault(
  message: NewLinkMessage,
  run: RunRecord | undefined,
  node: NodeRecord | undefined,
  now: number,
  limits: MessageLimits,
): MessageRefusal | undefined {
  const { createdAt, ttl } = message;
  if (run === undefined) {
    return refusal(
      "run-unknown",
      `Run "${message.runId}" is unknown`,
    );
  }
  if (!takesMessages(run.state)) {
    return refusal(
      "run-ended",
      `Run "${run.runId}" accepts no messages: ${run.state}`,
    );
  }
  if (message.srcNodeId !== SUPERLINK_NODE_ID) {
    return refusal(
      "wrong-source",
      `The source of an instruction must be the SuperLink ("${SUPERLINK_NODE_ID}"), not "${message.srcNodeId}"`,
    );
  }
  if (message.replyToMessageId !== "") {
    return refusal(
      "is-a-reply",
      `An instruction must not be a reply: it answers "${brief(message.replyToMessageId)}"`,
    );
  }
  if (node === undefined || !isMember(node.state)) {
    return refusal(
      "node-unknown",
      `Node "${message.dstNodeId}" is unknown or has left`,
    );
  }
  if (createdAt > now + limits.maxClockSkewSeconds) {
    return refusal(
      "created-in-the-future",
      `The message was created more than ${limits.maxClockSkewSeconds} s in the future: ` +
        `createdAt is ${createdAt}, the time is ${now}`,
    );
  }
  if (ttl > limits.maxTtlSeconds) {
    return refusal(
      "ttl-too-long",
      `The ttl is above ${limits.maxTtlSeconds} s: ${ttl}`,
    );
  }
  return generalFault(message, limits) ??
    (expiryOf(message) <= now
      ? refusal("expired", `The message has expired: created at ${createdAt}, ttl ${ttl} s`)
      : undefined);
}

/**
 * Checks a reply's metadata, not its content.
 *
 * @param nodeId the node that sends the reply
 * @param instruction the instruction that it answers, if it exists
 * @param now Unix time in seconds
 * @returns why the reply is refused; undefined if it is valid
 */
export function replyFault(
  reply: NewLinkMessage,
  nodeId: bigint,
  instruction: InstructionRecord | undefined,
  now: number,
  limits: MessageLimits,
): MessageRefusal | undefined {
  const name = `"${reply.replyToMessageId}"`;
  if (reply.srcNodeId !== nodeId) {
    return refusal(
      "wrong-source",
      `Node "${nodeId}" sent a reply in the name of node "${reply.srcNodeId}"`,
    );
  }
  if (reply.dstNodeId !== SUPERLINK_NODE_ID) {
    return refusal(
      "wrong-destination",
      `The destination of a reply must be the SuperLink ("${SUPERLINK_NODE_ID}"), not "${reply.dstNodeId}"`,
    );
  }
  // The sender must not learn that an instruction for another node exists.
  if (
    instruction === undefined || instruction.message.dstNodeId !== nodeId ||
    instruction.deliveries === 0
  ) {
    return refusal(
      "instruction-unknown",
      `Instruction ${name} was not handed to node "${nodeId}", or no longer exists`,
    );
  }
  const { message, state } = instruction;
  if (state === "answered") {
    return refusal(
      "instruction-answered",
      `Instruction ${name} was already answered`,
    );
  }
  if (!isOpen(state)) {
    return refusal(
      "instruction-ended",
      `Instruction ${name} no longer accepts a reply: ${state}`,
    );
  }
  if (expiryOf(message) <= now) {
    return refusal(
      "instruction-expired",
      `Instruction ${name} has expired: ttl ${message.ttl} s`,
    );
  }
  if (reply.runId !== message.runId) {
    return refusal(
      "other-run",
      `The reply names run "${reply.runId}", its instruction run "${message.runId}"`,
    );
  }
  if (reply.groupId !== message.groupId) {
    return refusal(
      "other-group",
      `The reply names group "${brief(reply.groupId)}", its instruction group "${
        brief(message.groupId)
      }"`,
    );
  }
  if (reply.messageType !== message.messageType) {
    return refusal(
      "other-type",
      `The reply has type "${brief(reply.messageType)}", its instruction type "${
        brief(message.messageType)
      }"`,
    );
  }
  const fault = generalFault(reply, limits);
  if (fault !== undefined) return fault;
  if (expiryOf(reply) > expiryOf(message) + limits.replyTtlToleranceSeconds) {
    return refusal(
      "outlives-instruction",
      `The reply expires after its instruction: at ${expiryOf(reply)}, not by ${expiryOf(message)}`,
    );
  }
  return undefined;
}

/**
 * Checks that a message's content is the only child of its own object, and that an error has no children.
 *
 * @param children the children of the object with the message's id
 * @returns what is wrong
 */
export function rootFault(
  { messageId, content }: NewLinkMessage,
  children: readonly ObjectId[],
): MessageRefusal | undefined {
  const expected = content === undefined ? [] : [content];
  return children.length === expected.length && children[0] === expected[0] ? undefined : refusal(
    "content-not-child",
    `The content of message "${brief(messageId)}" is not the child of its own object`,
  );
}

/** Checks the tree of objects announced for a message. @returns what is wrong */
export function treeFault(
  message: NewLinkMessage,
  tree: ObjectTree | undefined,
  limits: Pick<ObjectLimits, "maxObjectDepth">,
): MessageRefusal | undefined {
  const { messageId } = message;
  const children = tree?.get(messageId);
  if (tree === undefined || children === undefined) {
    return refusal(
      "objects-not-announced",
      `The objects of message "${brief(messageId)}" were not announced`,
    );
  }
  let level: ReadonlySet<ObjectId> = new Set([messageId]);
  for (let depth = 0; level.size > 0; depth++) {
    if (depth === limits.maxObjectDepth) {
      return refusal(
        "objects-too-deep",
        `The message's objects are nested more than ${limits.maxObjectDepth} deep`,
      );
    }
    level = new Set([...level].flatMap((id) => tree.get(id) ?? []));
  }
  return rootFault(message, children);
}

/** Checks what applies to every message. The comparisons are written so that NaN fails them. */
function generalFault(message: NewLinkMessage, limits: MessageLimits): MessageRefusal | undefined {
  const { createdAt, ttl, messageType, groupId, content, error } = message;
  if (!(createdAt >= limits.earliestCreatedAt && createdAt < Infinity)) {
    return refusal(
      "created-at-invalid",
      `createdAt must be a Unix time from ${limits.earliestCreatedAt} on, not ${createdAt}`,
    );
  }
  if (!(ttl > 0 && ttl < Infinity)) {
    return refusal(
      "ttl-invalid",
      `The ttl must be a positive number of seconds, not ${ttl}`,
    );
  }
  if (messageType === "") {
    return refusal(
      "type-empty",
      "The message type is empty",
    );
  }
  for (const label of [messageType, groupId]) {
    if (label.length > limits.maxLabelLength) {
      return refusal(
        "label-too-long",
        `A message type or group id is longer than ${limits.maxLabelLength} characters: "${
          brief(label)
        }"`,
      );
    }
  }
  if ((content === undefined) === (error === undefined)) {
    return refusal(
      "content-or-error",
      `A message must have either content or an error: this one has ${
        content === undefined ? "neither" : "both"
      }`,
    );
  }
  return undefined;
}

function refusal(code: RefusalCode, reason: string): MessageRefusal {
  return { code, reason };
}

/** A sender's text, shortened for an error message. */
function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
