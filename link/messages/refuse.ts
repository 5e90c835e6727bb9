import type { Effects } from "../transactions/transactions.ts";
import type { NewLinkMessage } from "./message.ts";

/** Tells that a message is not taken. */
export function refuse(effects: Effects, message: NewLinkMessage, reason: string): void {
  const { runId, srcNodeId, dstNodeId, replyToMessageId } = message;
  effects.events.push(
    replyToMessageId === ""
      ? { kind: "instruction-refused", runId, nodeId: dstNodeId, reason }
      : { kind: "reply-refused", nodeId: srcNodeId, replyToMessageId, reason },
  );
}
