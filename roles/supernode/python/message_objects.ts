import type { Message } from "../../../app/message.ts";
import type { NewLinkMessage } from "../../../entities/message.ts";
import type { LinkObject, ObjectId, ObjectTree } from "../../../entities/object.ts";
import {
  deflateMessages,
  inflateMessage,
} from "../../../rpc/dialects/current/client/message_objects.ts";

/** A message taken apart for a process that asks for its objects one by one. */
export interface TaskMessage {
  readonly message: NewLinkMessage;
  readonly tree: ObjectTree;
  readonly objects: ReadonlyMap<ObjectId, LinkObject>;
}

/**
 * Takes an instruction apart. It gets the id of the object that is made of it here, which is not the SuperLink's for
 * it: what the SuperLink's own object says beside (which of its tasks sent it) is not known to the node.
 */
export async function deflateInstruction(instruction: Message): Promise<TaskMessage> {
  const [deflated] = await deflateMessages([instruction]);
  const { id, objects } = deflated!;
  const tree = new Map(Array.from(objects.values(), ({ id, children }) => [id, children]));
  const [content] = tree.get(id)!;
  return { message: { ...instruction.metadata, messageId: id, content }, tree, objects };
}

/**
 * The reply that came as objects, as a reply to the instruction.
 *
 * @throws FlwrError "invalid-argument" or "not-found" when the objects do not make a message
 */
export function inflateReply(
  instruction: Message,
  { messageId, error, createdAt, ttl }: NewLinkMessage,
  objects: ReadonlyMap<ObjectId, LinkObject>,
): Message {
  if (error !== undefined) return instruction.replyError(error.code, error.reason);
  const { content } = inflateMessage(objects.get(messageId)!, (id) => objects.get(id));
  // When it was made and how long it counts are the app's own words.
  return instruction.reply(content).withMetadata({ createdAt, ttl });
}
