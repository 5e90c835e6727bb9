import type { NodeTable } from "../nodes/node_table.ts";
import type { RunTable } from "../runs/run_table.ts";
import type { NewLinkMessage } from "../../entities/message.ts";
import type { MessageTransaction } from "./context.ts";
import type { InstructionTable, ReplyTable } from "./message_tables.ts";
import type { AnnouncedMessage, PushTable } from "./push_table.ts";

/** What was read for the messages of a push. */
export interface PushReads extends MessageReads {
  /** Those of the messages that were announced before. */
  readonly announced: readonly AnnouncedMessage[];
}

/** What is read to judge a message. */
export interface MessageReads {
  readonly runs: Pick<RunTable, "get">;
  readonly nodes: Pick<NodeTable, "get">;
  readonly instructions: Pick<InstructionTable, "get">;
  readonly replies: Pick<ReplyTable, "get">;
  readonly pushes: Pick<PushTable, "get" | "message">;
}

/**
 * Reads what is needed to judge all messages of a push at once, instead of each by itself. The result is of now: it does
 * not show later writes.
 *
 * @param messages each id once
 * @param pusherId the node that pushes them, or SUPERLINK_NODE_ID
 */
export async function readAhead(
  tx: MessageTransaction,
  messages: readonly NewLinkMessage[],
  pusherId: bigint,
): Promise<PushReads> {
  const ids = messages.map(({ messageId }) => messageId);
  const asked = [...ids, ...messages.map(({ replyToMessageId }) => replyToMessageId)];
  const nodeIds = messages.flatMap(({ srcNodeId, dstNodeId }) => [srcNodeId, dstNodeId]);
  // Together, because none depends on another: a database server then answers them in one go.
  const [announced, instructions, replies, nodes] = await Promise.all([
    tx.pushes.messages(ids),
    tx.instructions.get([...new Set(asked)].filter((id) => id !== "")),
    tx.replies.withIds(ids),
    tx.nodes.withIds([...new Set([...nodeIds, pusherId])]),
  ]);
  const instructionOf = new Map(instructions.map((each) => [each.message.messageId, each]));
  const announcedOf = new Map(announced.map((each) => [each.message.messageId, each]));
  const replyOf = new Map(replies.map((each) => [each.messageId, each]));
  const nodeOf = new Map(nodes.map((each) => [each.nodeId, each]));
  return {
    announced,
    runs: once(tx.runs),
    nodes: { get: (id) => Promise.resolve(nodeOf.get(id)) },
    instructions: {
      get: (ids) =>
        Promise.resolve(
          ids.map((id) => instructionOf.get(id)).filter((each) => each !== undefined),
        ),
    },
    replies: { get: (id) => Promise.resolve(replyOf.get(id)) },
    pushes: {
      get: (id) => tx.pushes.get(id),
      message: (id) => Promise.resolve(announcedOf.get(id)),
    },
  };
}

/** Reads each run once. */
function once(runs: Pick<RunTable, "get">): Pick<RunTable, "get"> {
  const read = new Map<bigint, ReturnType<RunTable["get"]>>();
  return {
    get(id) {
      const known = read.get(id) ?? runs.get(id);
      read.set(id, known);
      return known;
    },
  };
}
