import type { LinkMessage } from "./message.ts";

/** What happens in the SuperLink, told after it is stored: for logs and metrics. */
export type LinkEvent =
  /** `takeover`: the node was online under this key when it joined again. */
  | { readonly kind: "node-joined"; readonly nodeId: bigint; readonly takeover: boolean }
  | { readonly kind: "node-offline"; readonly nodeId: bigint; readonly onlineUntil: number }
  /** A heartbeat of a node that was offline. */
  | { readonly kind: "node-returned"; readonly nodeId: bigint }
  | { readonly kind: "node-left"; readonly nodeId: bigint }
  /** A node without a key that had been offline for long was forgotten. */
  | { readonly kind: "node-forgotten"; readonly nodeId: bigint }
  | { readonly kind: "run-created"; readonly runId: bigint }
  | { readonly kind: "instruction-pushed"; readonly instruction: InstructionFacts }
  | {
    readonly kind: "instruction-refused";
    readonly runId: bigint;
    readonly nodeId: bigint;
    readonly reason: string;
  }
  /** `delivery` counts from 1; above that it is a redelivery. */
  | {
    readonly kind: "instruction-handed-out";
    readonly instruction: InstructionFacts;
    readonly delivery: number;
  }
  | {
    readonly kind: "instruction-requeued";
    readonly instruction: InstructionFacts;
    readonly cause: "returned" | "node-joined-again" | "superlink-restarted";
  }
  | { readonly kind: "instruction-answered"; readonly instruction: InstructionFacts }
  /** An error stands in for the reply from now on. */
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
    readonly reason: string;
  }
  /** The store failed under the housekeeper, which tries again. */
  | { readonly kind: "housekeeping-failed"; readonly error: unknown };

/** What identifies an instruction to a reader of the log. */
export interface InstructionFacts {
  readonly messageId: string;
  readonly runId: bigint;
  readonly nodeId: bigint;
  readonly messageType: string;
  readonly groupId: string;
}

/** What identifies the instruction in an event. */
export function factsOf(
  { messageId, runId, dstNodeId, messageType, groupId }: LinkMessage,
): InstructionFacts {
  return { messageId, runId, nodeId: dstNodeId, messageType, groupId };
}
