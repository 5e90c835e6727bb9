import type { Link } from "../../../../link/link.ts";
import type { LinkMessage, MessageDraft, NewLinkMessage } from "../../../../entities/message.ts";
import type { BroughtObject, Refusal } from "../../../../entities/push.ts";
import type { LinkObject, ObjectId } from "../../../../entities/object.ts";
import type { RecordDict } from "../../../../proto/gen/current/recorddict_pb.ts";
import type { RecordSet } from "../../../../proto/gen/flwr-1.9/recordset_pb.ts";
import { deflateRecordDict } from "../../../objects/deflate.ts";
import { inflateRecordDict } from "../../../objects/inflate.ts";
import { messageObject } from "../../../objects/message.ts";

/** A message as the SuperLink takes it, with all objects that it needs. */
export interface StoredMessage {
  readonly message: NewLinkMessage;
  readonly objects: readonly LinkObject[];
}

/**
 * A pushed task as the SuperLink keeps it: content-addressed objects, of which the last is the message's own and gives
 * it its id.
 *
 * @param content undefined beside an error
 * @throws FlwrError "invalid-argument" for content that has no current form
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
 * The content of a message that its receiver just pulled; undefined for one that carries an error.
 *
 * @throws FlwrError "not-found" when the message is no longer the receiver's, because its run was stopped meanwhile
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

/** A message is inflated in memory as a whole, so its objects are read in one go. */
const ALL = { maxBytes: Number.MAX_SAFE_INTEGER, maxObjects: Number.MAX_SAFE_INTEGER };

/**
 * Pushes messages whose objects are all there, in one transaction.
 *
 * @param nodeId who pushes: a node its replies, SUPERLINK_NODE_ID a run's instructions
 * @param stored messages of one run
 * @returns for each message why it was refused; undefined for one that was taken
 */
export async function pushStored(
  link: Pick<Link, "messages">,
  nodeId: bigint,
  stored: readonly StoredMessage[],
): Promise<readonly (Refusal | undefined)[]> {
  const brought = new Map<ObjectId, BroughtObject>();
  for (const { objects } of stored) {
    for (const object of objects) brought.set(object.id, { object });
  }
  const { refusals } = await link.messages.openPush({
    nodeId,
    runId: stored[0]!.message.runId,
    messages: stored.map(({ message }) => message),
    trees: stored.map(({ objects }) => new Map(objects.map(({ id, children }) => [id, children]))),
    brought,
  });
  return refusals;
}

/** About how many bytes a content takes on the wire: its arrays; the rest is small. */
export function arrayBytes({ parameters }: RecordSet): number {
  let bytes = 0;
  for (const { dataValues } of Object.values(parameters)) {
    for (const { data } of dataValues) bytes += data.length;
  }
  return bytes;
}
