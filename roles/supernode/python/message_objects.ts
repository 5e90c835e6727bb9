import type { Message } from "../../../app/message.ts";
import type { NewLinkMessage } from "../../../entities/message.ts";
import type { LinkObject, ObjectId, ObjectTree } from "../../../entities/object.ts";
import {
  deflateMessages,
  inflateMessage,
} from "../../../rpc/dialects/current/client/message_objects.ts";

/** A message as objects, for a process that pulls them one by one. */
export interface TaskMessage {
  readonly message: NewLinkMessage;
  readonly tree: ObjectTree;
  readonly objects: ReadonlyMap<ObjectId, LinkObject>;
}

/**
 * Converts an instruction into objects. Its id is that of the Message object made here. It differs from the SuperLink's
 * id, because the SuperLink's object also contains the id of the sending task, which the node does not know.
 */
export async function deflateInstruction(instruction: Message): Promise<TaskMessage> {
  const [deflated] = await deflateMessages([instruction]);
  const { id, objects } = deflated!;
  const tree = new Map(Array.from(objects.values(), ({ id, children }) => [id, children]));
  const [content] = tree.get(id)!;
  return { message: { ...instruction.metadata, messageId: id, content }, tree, objects };
}

/**
 * Converts the objects of a reply into a reply to the instruction.
 *
 * @throws FlwrError "invalid-argument" or "not-found" when the objects are not a complete message
 */
export function inflateReply(
  instruction: Message,
  { messageId, error, createdAt, ttl }: NewLinkMessage,
  objects: ReadonlyMap<ObjectId, LinkObject>,
): Message {
  if (error !== undefined) return instruction.replyError(error.code, error.reason);
  const { content } = inflateMessage(objects.get(messageId)!, (id) => objects.get(id));
  // The app itself set the time of creation and the ttl.
  return instruction.reply(content).withMetadata({ createdAt, ttl });
}
