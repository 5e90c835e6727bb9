import { LinkErrorCode } from "./error_reply.ts";
import { type InstructionEvent, isOpen } from "./instruction_state.ts";
import type { LinkLimits } from "./limits.ts";
import { expiryOf, type LinkMessageError } from "./message.ts";
import type { InstructionRecord, NodeRecord } from "./store/store.ts";

/** Why an instruction will have no reply, and what that makes of it. */
export interface Verdict {
  readonly event: Extract<InstructionEvent, "expire" | "give-up">;
  readonly error: LinkMessageError;
}

/**
 * Whether there is still hope for an instruction's reply.
 *
 * @param node the instruction's node; undefined when it is forgotten
 * @param now Unix time in seconds
 * @returns undefined while there is hope, or when the matter is settled
 */
export function verdictOn(
  instruction: InstructionRecord,
  node: NodeRecord | undefined,
  now: number,
  limits: LinkLimits,
): Verdict | undefined {
  const { message, state, deliveries, told } = instruction;
  const expired = expiryOf(message) <= now;
  const name = `"${message.messageId}"`;
  if (state === "answered" && expired && !told) {
    return verdict(
      "expire",
      LinkErrorCode.ReplyUnavailable,
      `The reply of node "${message.dstNodeId}" expired before it was asked for: instruction ${name} ` +
        `had a ttl of ${message.ttl} s`,
    );
  }
  if (!isOpen(state)) return undefined;
  if (expired) {
    return verdict(
      "expire",
      LinkErrorCode.MessageUnavailable,
      `Instruction ${name} expired: node "${message.dstNodeId}" did not answer within ` +
        `its ttl of ${message.ttl} s`,
    );
  }
  if (node === undefined || node.state === "left") {
    return verdict(
      "give-up",
      LinkErrorCode.NodeUnavailable,
      `Node "${message.dstNodeId}" is not available: it ${node ? "left" : "is not known any more"}`,
    );
  }
  if (node.state === "offline" || node.onlineUntil <= now) {
    return verdict(
      "give-up",
      LinkErrorCode.NodeUnavailable,
      `Node "${message.dstNodeId}" is not available: no heartbeat within the ` +
        `${node.heartbeatInterval} s it promised`,
    );
  }
  if (state === "waiting" && deliveries >= limits.maxDeliveries) {
    return verdict(
      "give-up",
      LinkErrorCode.ClientAppCrashed,
      `Node "${message.dstNodeId}" was handed instruction ${name} ${deliveries} times and never answered`,
    );
  }
  return undefined;
}

function verdict(event: Verdict["event"], code: number, reason: string): Verdict {
  return { event, error: { code, reason } };
}
