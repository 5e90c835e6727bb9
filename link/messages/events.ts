import type { InstructionFacts, LinkMessage } from "../../entities/message.ts";
import type { MessageError } from "../../entities/metadata.ts";
import type { InstructionRecord } from "./message_tables.ts";
import type { RefusalCode } from "../../entities/push.ts";

/** When an instruction was stored and handed out: Unix times in seconds. */
export interface DeliveryTimes {
  readonly pushedAt: number;
  /** Undefined if it was not handed out, or taken back since. */
  readonly handedOutAt?: number;
}

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
  /** `appSeconds`: how long the ClientApp worked, 0 if that is not known. `error`: the node's answer is an error. */
  | {
    readonly kind: "instruction-answered";
    readonly instruction: InstructionFacts;
    readonly times: DeliveryTimes;
    readonly appSeconds: number;
    readonly error?: MessageError;
  }
  /** The SuperLink stored an error reply to the instruction. */
  | {
    readonly kind: "instruction-failed";
    readonly instruction: InstructionFacts;
    readonly times: DeliveryTimes;
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

/** The times of a stored instruction that go into an event. */
export function timesOf({ message, handedOutAt }: InstructionRecord): DeliveryTimes {
  return { pushedAt: message.pushedAt, ...(handedOutAt !== undefined && { handedOutAt }) };
}
