import { Message } from "../../../../app/message.ts";
import type { RecordDict } from "../../../../app/record_dict.ts";
import type { LinkObject, ObjectId, ObjectTree } from "../../../../entities/object.ts";
import type {
  Message as WireMessage,
  ObjectTree as WireTree,
} from "../../../../proto/gen/current/message_pb.ts";
import { type DeflatedRecordDict, deflateRecordDict } from "../../../objects/deflate.ts";
import { type FreeChunk, type GetObject, inflateRecordDict } from "../../../objects/inflate.ts";
import { messageObject, parseMessageObject } from "../../../objects/message.ts";
import { recordDictFromWire, recordDictToWire } from "../../record_dict.ts";
import { messageToWire } from "../message.ts";
import { treeToWire } from "../object_tree.ts";

/** A message as objects, ready to be announced. */
export interface DeflatedMessage {
  /** The id of its own object, which is the message's id. */
  readonly id: ObjectId;
  readonly wire: WireMessage;
  readonly tree: WireTree;
  /** All its objects. Messages with the same content share its objects. */
  readonly objects: ReadonlyMap<ObjectId, LinkObject>;
}

/** Converts messages to objects. Content shared by several messages is converted once. */
export async function deflateMessages(messages: readonly Message[]): Promise<DeflatedMessage[]> {
  const contents = new Map<RecordDict, DeflatedRecordDict>();
  const deflated: DeflatedMessage[] = [];
  for (const message of messages) {
    let content: DeflatedRecordDict | undefined;
    if (message.hasContent) {
      content = contents.get(message.content) ??
        await deflateRecordDict(recordDictToWire(message.content));
      contents.set(message.content, content);
    }
    deflated.push(deflateMessage(message, content));
  }
  return deflated;
}

function deflateMessage(
  { metadata, error }: Message,
  content: DeflatedRecordDict | undefined,
): DeflatedMessage {
  const root = messageObject({
    ...metadata,
    ...(error && { error }),
    ...(content && { content: content.root }),
  });
  const objects = new Map((content?.objects ?? []).map((object) => [object.id, object]));
  objects.set(root.id, root);
  const tree: ObjectTree = new Map(
    Array.from(objects.values(), ({ id, children }) => [id, children]),
  );
  return {
    id: root.id,
    wire: messageToWire({ ...metadata, ...(error && { error }), messageId: root.id }),
    tree: treeToWire(root.id, tree),
    objects,
  };
}

/**
 * Assembles a message from its objects.
 *
 * @param get returns any object of its tree
 * @param free frees a chunk that has been copied (default: chunks stay)
 * @throws FlwrError "not-found" for a missing object; "invalid-argument" for a malformed one; "resource-exhausted"
 *   for records that are too large
 */
export function inflateMessage(
  root: Pick<LinkObject, "id" | "bytes">,
  get: GetObject,
  free?: FreeChunk,
): Message {
  const { content, error, ...metadata } = parseMessageObject(root);
  return new Message(
    metadata,
    content === undefined ? error! : recordDictFromWire(inflateRecordDict(content, get, free)),
  );
}
