import type { InstructionFacts, LinkMessage } from "../../entities/message.ts";
import type { RefusalCode } from "../../entities/push.ts";

/** An event of a message or a push. */
export type MessageEvent =
  | { readonly kind: "instruction-pushed"; readonly instruction: InstructionFacts }
  | {
    readonly kind: "instruction-refused";
    readonly runId: bigint;
    readonly nodeId: bigint;
    readonly code: RefusalCode;
    readonly reason: string;
  }
  /** `delivery` counts from 1; a larger number is a redelivery. */
  | {
    readonly kind: "instruction-handed-out";
    readonly instruction: InstructionFacts;
    readonly delivery: number;
  }
  | {
    readonly kind: "instruction-requeued";
    readonly instruction: InstructionFacts;
    readonly cause:
      | "returned"
      | "did-not-arrive"
      | "node-joined-again"
      | "superlink-restarted"
      | "superlink-ended"
      | "push-expired";
  }
  | { readonly kind: "instruction-answered"; readonly instruction: InstructionFacts }
  /** The SuperLink stored an error reply to the instruction. */
  | {
    readonly kind: "instruction-failed";
    readonly instruction: InstructionFacts;
    readonly code: number;
    readonly reason: string;
  }
  | {
    readonly kind: "reply-refused";
    readonly nodeId: bigint;
    readonly replyToMessageId: string;
    readonly code: RefusalCode;
    readonly reason: string;
  }
  /** Objects of announced messages did not arrive in time; `messages` is the number of messages removed. */
  | {
    readonly kind: "push-expired";
    readonly nodeId: bigint;
    readonly runId: bigint;
    readonly messages: number;
  };

/** The fields of an instruction that go into an event. */
export function factsOf(
  { messageId, runId, dstNodeId, messageType, groupId }: LinkMessage,
): InstructionFacts {
  return { messageId, runId, nodeId: dstNodeId, messageType, groupId };
}
