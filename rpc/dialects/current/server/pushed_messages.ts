import { FlwrError } from "../../../../base/error.ts";
import type { NewLinkMessage } from "../../../../entities/message.ts";
import type { ObjectTree } from "../../../../entities/object.ts";
import type {
  Message as WireMessage,
  ObjectTree as WireTree,
} from "../../../../proto/gen/current/message_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { Turns } from "../../../../base/turn.ts";
import { messageFromWire } from "../message.ts";
import { TreeReader } from "../object_tree.ts";

/** Tree nodes that are read before the event loop gets a turn: about 3 ms. */
export const TREE_NODES_PER_TURN = 5000;

/** Pushed messages with their object trees. */
export interface PushedBatch {
  readonly messages: readonly NewLinkMessage[];
  /** In the order of the messages; the root of each is its message's id. */
  readonly trees: readonly ObjectTree[];
}

/**
 * Reads announced messages with their trees. Does not check their senders and receivers. Lets the event loop run
 * after every {@link TREE_NODES_PER_TURN} nodes, because a batch can have millions.
 *
 * @param runId the run that the caller may speak for
 * @throws ApiError "message-count-invalid" for no message, or not one tree for each; "message-run-mismatch";
 *   FlwrError "invalid-argument" for a malformed message or tree
 */
export async function readPushedBatch(
  request: {
    readonly messagesList: readonly WireMessage[];
    readonly messageObjectTrees: readonly WireTree[];
  },
  runId: bigint,
): Promise<PushedBatch> {
  const { messagesList, messageObjectTrees } = request;
  if (messagesList.length === 0 || messagesList.length !== messageObjectTrees.length) {
    throw new ApiError(
      "message-count-invalid",
      `The push has ${messagesList.length} messages and ${messageObjectTrees.length} object trees: ` +
        "expected at least one message, and one tree for each",
    );
  }
  const messages: NewLinkMessage[] = [];
  const trees: ObjectTree[] = [];
  const turns = new Turns(TREE_NODES_PER_TURN);
  for (const [place, wire] of messagesList.entries()) {
    const { message, tree } = await readPushed(wire, messageObjectTrees[place]!, runId, turns);
    messages.push(message);
    trees.push(tree);
  }
  return { messages, trees };
}

async function readPushed(
  wire: WireMessage,
  wireTree: WireTree,
  runId: bigint,
  turns: Turns,
): Promise<{ message: NewLinkMessage; tree: ObjectTree }> {
  const head = messageFromWire(wire);
  if (head.runId !== runId) {
    throw new ApiError(
      "message-run-mismatch",
      `The message belongs to run ${head.runId}: expected ${runId}`,
    );
  }
  const reader = new TreeReader(wireTree);
  while (!reader.done) await turns.spend(reader.read(turns.left));
  const { tree } = reader;
  if (wireTree.objectId !== head.messageId) {
    throw malformed(`its object tree starts with "${wireTree.objectId}", not with its own id`);
  }
  const children = tree.get(head.messageId) ?? [];
  if (head.error !== undefined) {
    if (children.length > 0) throw malformed("it has both objects and an error");
    return { message: { ...head, error: head.error }, tree };
  }
  if (children.length !== 1) {
    throw malformed(`its object tree has ${children.length} contents, expected one`);
  }
  return { message: { ...head, content: children[0]! }, tree };
}

function malformed(why: string): FlwrError {
  return new FlwrError("invalid-argument", `Malformed message: ${why}`);
}
