import { isMember } from "../nodes/node_state.ts";
import type { NodeRecord } from "../nodes/node_table.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { ObjectLimits } from "../objects/context.ts";
import type { ObjectId, ObjectTree } from "../../entities/object.ts";
import { takesMessages } from "../../entities/run.ts";
import type { RunRecord } from "../runs/run_table.ts";
import type { MessageLimits } from "./context.ts";
import { isOpen } from "./instruction_state.ts";
import { expiryOf, type NewLinkMessage } from "../../entities/message.ts";
import type { InstructionRecord } from "./message_tables.ts";

/**
 * Why an instruction cannot be taken, as a sentence; its content is not looked at.
 *
 * @param run the run it names, if there is one
 * @param node the node it is for, if there is one
 * @param now Unix time in seconds
 */
export function instructionFault(
  message: NewLinkMessage,
  run: RunRecord | undefined,
  node: NodeRecord | undefined,
  now: number,
  limits: MessageLimits,
): string | undefined {
  const { createdAt, ttl } = message;
  if (run === undefined) return `Run "${message.runId}" is not known`;
  if (!takesMessages(run.state)) return `Run "${run.runId}" takes no messages: ${run.state}`;
  if (message.srcNodeId !== SUPERLINK_NODE_ID) {
    return `An instruction comes from the SuperLink (${SUPERLINK_NODE_ID}): source "${message.srcNodeId}"`;
  }
  if (message.replyToMessageId !== "") {
    return `An instruction answers nothing: reply to "${message.replyToMessageId}"`;
  }
  if (node === undefined || !isMember(node.state)) {
    return `Node "${message.dstNodeId}" is not known or has left`;
  }
  if (createdAt > now + limits.maxClockSkewSeconds) {
    return `The message was made more than ${limits.maxClockSkewSeconds} s in the future: ` +
      `createdAt ${createdAt} at ${now}`;
  }
  if (ttl > limits.maxTtlSeconds) return `The ttl is over ${limits.maxTtlSeconds} s: ${ttl}`;
  return generalFault(message, limits) ??
    (expiryOf(message) <= now
      ? `The message has expired: created at ${createdAt}, ttl ${ttl} s`
      : undefined);
}

/**
 * Why a node's reply cannot be taken, as a sentence; its content is not looked at.
 *
 * @param nodeId who sends it
 * @param instruction the one that it answers, if it is there
 * @param now Unix time in seconds
 */
export function replyFault(
  reply: NewLinkMessage,
  nodeId: bigint,
  instruction: InstructionRecord | undefined,
  now: number,
  limits: MessageLimits,
): string | undefined {
  const name = `"${reply.replyToMessageId}"`;
  if (reply.srcNodeId !== nodeId) {
    return `Node "${nodeId}" sends a reply in the name of node "${reply.srcNodeId}"`;
  }
  if (reply.dstNodeId !== SUPERLINK_NODE_ID) {
    return `A reply goes to the SuperLink (${SUPERLINK_NODE_ID}): destination "${reply.dstNodeId}"`;
  }
  // An instruction for another node is as unknown to the sender as one that is not there.
  if (
    instruction === undefined || instruction.message.dstNodeId !== nodeId ||
    instruction.deliveries === 0
  ) return `Instruction ${name} was not handed to node "${nodeId}", or is no longer there`;
  const { message, state } = instruction;
  if (state === "answered") return `Instruction ${name} was already answered`;
  if (!isOpen(state)) return `Instruction ${name} no longer takes a reply: ${state}`;
  if (expiryOf(message) <= now) return `Instruction ${name} has expired: ttl ${message.ttl} s`;
  if (reply.runId !== message.runId) {
    return `The reply is for another run than its instruction: "${reply.runId}", not "${message.runId}"`;
  }
  if (reply.groupId !== message.groupId) {
    return `The reply is for another group than its instruction: "${
      brief(reply.groupId)
    }", not "${message.groupId}"`;
  }
  if (reply.messageType !== message.messageType) {
    return `The reply is of another type than its instruction: "${
      brief(reply.messageType)
    }", not "${message.messageType}"`;
  }
  const fault = generalFault(reply, limits);
  if (fault !== undefined) return fault;
  if (expiryOf(reply) > expiryOf(message) + limits.replyTtlToleranceSeconds) {
    return `The reply would outlive its instruction: until ${expiryOf(reply)}, not ${
      expiryOf(message)
    }`;
  }
  return undefined;
}

/**
 * Whether a message is what its own object says, as far as the SuperLink looks into that: its child is the content, and
 * there is none beside an error.
 *
 * @param children of the object under the message's id
 */
export function rootFault(
  { messageId, content }: NewLinkMessage,
  children: readonly ObjectId[],
): string | undefined {
  const expected = content === undefined ? [] : [content];
  return children.length === expected.length && children[0] === expected[0]
    ? undefined
    : `The content of message "${brief(messageId)}" is not the child of its own object`;
}

/** Why an announced tree is not one of the message's objects, as a sentence. */
export function treeFault(
  message: NewLinkMessage,
  tree: ObjectTree | undefined,
  limits: Pick<ObjectLimits, "maxObjectDepth">,
): string | undefined {
  const { messageId } = message;
  const children = tree?.get(messageId);
  if (tree === undefined || children === undefined) {
    return `The objects of message "${brief(messageId)}" are not announced`;
  }
  let level: ReadonlySet<ObjectId> = new Set([messageId]);
  for (let depth = 0; level.size > 0; depth++) {
    if (depth === limits.maxObjectDepth) {
      return `The message's objects are nested more than ${limits.maxObjectDepth} deep`;
    }
    level = new Set([...level].flatMap((id) => tree.get(id) ?? []));
  }
  return rootFault(message, children);
}

/** What must hold for every message; comparisons are written so that NaN fails them. */
function generalFault(message: NewLinkMessage, limits: MessageLimits): string | undefined {
  const { createdAt, ttl, messageType, groupId, content, error } = message;
  if (!(createdAt >= limits.earliestCreatedAt && createdAt < Infinity)) {
    return `The creation time is not plausible: ${createdAt}`;
  }
  if (!(ttl > 0 && ttl < Infinity)) return `The ttl is not a positive number of seconds: ${ttl}`;
  if (messageType === "") return "The message type is empty";
  for (const label of [messageType, groupId]) {
    if (label.length > limits.maxLabelLength) {
      return `A message type or group id is longer than ${limits.maxLabelLength}: "${
        brief(label)
      }"`;
    }
  }
  if ((content === undefined) === (error === undefined)) {
    return `A message has either content or an error: it has ${
      content === undefined ? "neither" : "both"
    }`;
  }
  return undefined;
}

/** A sender's text, cut to what an error sentence can show. */
function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
