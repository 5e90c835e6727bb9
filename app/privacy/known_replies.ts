import { MessageErrorCode, type NodeId } from "../../entities/metadata.ts";
import { Message } from "../message.ts";
import { RecordDict } from "../record_dict.ts";
import type { CheckedReply } from "../strategy/reply_check.ts";

/** A reply that counts. */
export interface UsableReply {
  readonly reply: CheckedReply;
  readonly message: Message;
  /** Whether the node says that it has clipped; undefined if nobody asked. */
  readonly bit?: boolean;
}

/** A round's replies, divided. */
export class KnownReplies {
  /** Those that count, in ascending order of node id. */
  readonly usable: UsableReply[] = [];
  /** Those that this wrapper refuses. */
  readonly refused = new Map<NodeId, { nodeId: NodeId; reason: string }>();
  readonly #all: readonly Message[];

  /** @param replies all replies, with errors */
  constructor(replies: readonly Message[]) {
    this.#all = replies;
  }

  /** Makes a reply a failure of its node. */
  refuse(nodeId: NodeId, reason: string): void {
    this.refused.set(nodeId, { nodeId, reason: `Reply rejected: ${reason}` });
  }

  /**
   * The replies as the inner strategy is to see them: usable ones changed, refused ones as errors, so that it counts them
   * among the failures, and those that it refuses itself as they are.
   *
   * @param change changes a copy of a usable reply's records
   */
  forInner(change: (content: RecordDict, usable: UsableReply) => void): Message[] {
    const usable = new Map(this.usable.map((each) => [each.message, each]));
    return this.#all.map((message) => {
      const refused = this.refused.get(message.metadata.srcNodeId);
      if (refused !== undefined) {
        return new Message(message.metadata, {
          code: MessageErrorCode.Unknown,
          reason: refused.reason,
        });
      }
      const each = usable.get(message);
      if (each === undefined) return message;
      const content = new RecordDict(message.content);
      change(content, each);
      return message.withContent(content);
    });
  }
}
