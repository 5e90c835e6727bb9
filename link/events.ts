import type { FlwrError } from "../base/error.ts";
import type { LinkMessage } from "./messages/message.ts";
import type { RunState } from "./runs/run_state.ts";

/** What happens in the SuperLink, told after it is stored: for logs and metrics. */
export type LinkEvent =
  /** `takeover`: the node was online under this key when it joined again. */
  | {
    readonly kind: "node-joined";
    readonly nodeId: bigint;
    readonly takeover: boolean;
    readonly name?: string;
  }
  | { readonly kind: "node-offline"; readonly nodeId: bigint; readonly onlineUntil: number }
  /** A heartbeat of a node that was offline. */
  | { readonly kind: "node-returned"; readonly nodeId: bigint }
  /** It went offline by its own word, and stays registered. */
  | { readonly kind: "node-deactivated"; readonly nodeId: bigint }
  /** `forgotten`: it has no key by which it could come back. */
  | { readonly kind: "node-left"; readonly nodeId: bigint; readonly forgotten: boolean }
  | { readonly kind: "node-registered"; readonly nodeId: bigint; readonly name?: string }
  | { readonly kind: "node-unregistered"; readonly nodeId: bigint }
  /** A node that nobody registered but itself had been away for long, and was forgotten. */
  | { readonly kind: "node-forgotten"; readonly nodeId: bigint }
  | { readonly kind: "run-created"; readonly runId: bigint }
  /** Somebody took the run on. */
  | { readonly kind: "run-claimed"; readonly runId: bigint }
  /** Who took the run on did not begin it in time: it can be claimed again. */
  | { readonly kind: "run-released"; readonly runId: bigint }
  | { readonly kind: "run-began"; readonly runId: bigint }
  /** Its unanswered instructions are void: nothing more is told about them. */
  | {
    readonly kind: "run-finished";
    readonly runId: bigint;
    readonly state: RunState;
    readonly details: string;
  }
  /** Of finished runs, so many are kept and so much of their logs and artifacts: the oldest went. */
  | { readonly kind: "run-logs-removed"; readonly runIds: readonly bigint[] }
  | { readonly kind: "run-artifacts-removed"; readonly runIds: readonly bigint[] }
  | { readonly kind: "runs-removed"; readonly runIds: readonly bigint[] }
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
    readonly cause: "returned" | "node-joined-again" | "superlink-restarted" | "push-expired";
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
  /** A run's ServerApp kept a file, whole now. */
  | {
    readonly kind: "artifact-saved";
    readonly runId: bigint;
    readonly name: string;
    readonly size: number;
  }
  /** Objects of announced messages never came; `messages` is how many were dropped. */
  | {
    readonly kind: "push-expired";
    readonly nodeId: bigint;
    readonly runId: bigint;
    readonly messages: number;
  }
  /** The store failed under the housekeeper, which tries again. */
  | { readonly kind: "housekeeping-failed"; readonly error: unknown }
  /** The store cannot write for now, as when the disk is full. Reported once a minute while it lasts. */
  | { readonly kind: "store-failed"; readonly error: FlwrError }
  /** The store writes again. */
  | { readonly kind: "store-recovered" };

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
