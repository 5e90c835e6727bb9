import type { Link } from "../../../../link/link.ts";
import type { LinkMessage, MessageDraft, NewLinkMessage } from "../../../../entities/message.ts";
import type { InlineObject, MessageRefusal } from "../../../../entities/push.ts";
import type { LinkObject, ObjectId } from "../../../../entities/object.ts";
import type { RecordDict } from "../../../../proto/gen/current/recorddict_pb.ts";
import type { RecordSet } from "../../../../proto/gen/flwr-1.9/recordset_pb.ts";
import { deflateRecordDict } from "../../../objects/deflate.ts";
import { inflateRecordDict } from "../../../objects/inflate.ts";
import { messageObject } from "../../../objects/message.ts";

/** A message in the SuperLink's form, with all its objects. */
export interface StoredMessage {
  readonly message: NewLinkMessage;
  readonly objects: readonly LinkObject[];
}

/**
 * Converts a pushed task to the SuperLink's form: content-addressed objects. The last one is the message's own, whose
 * id is the message's id.
 *
 * @param content undefined if the message has an error
 * @throws FlwrError "invalid-argument" for content without a current form
 */
export async function storeMessage(
  draft: MessageDraft,
  content: RecordDict | undefined,
): Promise<StoredMessage> {
  const stored = content && await deflateRecordDict(content);
  const message = { ...draft, ...(stored && { content: stored.root }) };
  const object = messageObject(message);
  return {
    message: { ...message, messageId: object.id },
    objects: [...stored?.objects ?? [], object],
  };
}

/**
 * Loads the content of a message that its receiver has just pulled; undefined for an error message.
 *
 * @throws FlwrError "not-found" if the message no longer belongs to the receiver, because its run was stopped
 *   meanwhile
 */
export async function loadContent(
  link: Pick<Link, "objects">,
  { messageId, content, runId, dstNodeId }: LinkMessage,
): Promise<RecordDict | undefined> {
  if (content === undefined) return undefined;
  const wanted = { messageIds: [messageId], ...ALL };
  const { objects } = await link.objects.pullTogether({ nodeId: dstNodeId, runId }, wanted);
  const byId = new Map(objects.map((object) => [object.id, object]));
  return inflateRecordDict(content, (id) => byId.get(id));
}

/** Reads all objects at once, because the whole message is assembled in memory. */
const ALL = { maxBytes: Number.MAX_SAFE_INTEGER, maxObjects: Number.MAX_SAFE_INTEGER };

/**
 * Pushes messages with all their objects, in one transaction.
 *
 * @param nodeId the sender: a node for its replies, SUPERLINK_NODE_ID for a run's instructions
 * @param stored messages of one run
 * @returns for each message why it was refused; undefined for an accepted one
 */
export async function pushStored(
  link: Pick<Link, "messages">,
  nodeId: bigint,
  stored: readonly StoredMessage[],
): Promise<readonly (MessageRefusal | undefined)[]> {
  const inlineObjects = new Map<ObjectId, InlineObject>();
  for (const { objects } of stored) {
    for (const object of objects) inlineObjects.set(object.id, { object });
  }
  const { refusals } = await link.messages.openPush({
    nodeId,
    runId: stored[0]!.message.runId,
    messages: stored.map(({ message }) => message),
    trees: stored.map(({ objects }) => new Map(objects.map(({ id, children }) => [id, children]))),
    inlineObjects,
  });
  return refusals;
}

/** Approximate size of a content on the wire: the bytes of its arrays; the rest is small. */
export function arrayBytes({ parameters }: RecordSet): number {
  let bytes = 0;
  for (const { dataValues } of Object.values(parameters)) {
    for (const { data } of dataValues) bytes += data.length;
  }
  return bytes;
}
