import { isMember } from "../nodes/node_state.ts";
import type { NodeRecord } from "../nodes/node_table.ts";
import type { MessageLimits } from "./context.ts";
import { type MessageError, MessageErrorCode } from "../../entities/metadata.ts";
import { type InstructionTrigger, isOpen } from "./instruction_state.ts";
import { expiryOf } from "../../entities/message.ts";
import type { InstructionRecord } from "./message_tables.ts";

/** Why an instruction will have no reply: the event that ends it, and the error for its error reply. */
export interface Verdict {
  readonly event: Extract<InstructionTrigger, "expire" | "give-up">;
  readonly error: MessageError;
}

/**
 * Decides whether an instruction can still get, or keep, its reply.
 *
 * @param node the instruction's node; undefined if the SuperLink no longer knows it
 * @param now Unix time in seconds
 * @returns undefined if a reply is still possible or the outcome is final
 */
export function verdictOn(
  instruction: InstructionRecord,
  node: NodeRecord | undefined,
  now: number,
  limits: MessageLimits,
): Verdict | undefined {
  const { message, state, deliveries, replyPulled } = instruction;
  const expired = expiryOf(message) <= now;
  const name = `"${message.messageId}"`;
  if (state === "answered" && expired && !replyPulled) {
    return verdict(
      "expire",
      MessageErrorCode.ReplyUnavailable,
      `The reply of node "${message.dstNodeId}" expired before it was pulled: instruction ${name} ` +
        `had a ttl of ${message.ttl} s`,
    );
  }
  if (!isOpen(state)) return undefined;
  if (expired) {
    return verdict(
      "expire",
      MessageErrorCode.MessageUnavailable,
      `Instruction ${name} expired: node "${message.dstNodeId}" did not answer within ` +
        `its ttl of ${message.ttl} s`,
    );
  }
  const absence = absenceOf(node, now);
  if (absence !== undefined) {
    return verdict(
      "give-up",
      MessageErrorCode.NodeUnavailable,
      `Node "${message.dstNodeId}" is not available: ${absence}`,
    );
  }
  if (state === "waiting" && deliveries >= limits.maxDeliveries) {
    return verdict(
      "give-up",
      MessageErrorCode.ClientAppCrashed,
      `Node "${message.dstNodeId}" was handed instruction ${name} ${deliveries} times and never answered`,
    );
  }
  return undefined;
}

/** Why a node cannot answer now, as the end of a sentence; undefined if it can. */
function absenceOf(node: NodeRecord | undefined, now: number): string | undefined {
  if (node === undefined) return "the SuperLink no longer knows it";
  if (!isMember(node.state)) return node.state === "left" ? "it left" : "it was unregistered";
  if (node.state === "online" && node.onlineUntil > now) return undefined;
  return node.deactivatedAt !== undefined && node.deactivatedAt >= (node.activatedAt ?? 0)
    ? "it signed off"
    : `no heartbeat within its interval of ${node.heartbeatInterval} s`;
}

function verdict(event: Verdict["event"], code: number, reason: string): Verdict {
  return { event, error: { code, reason } };
}
