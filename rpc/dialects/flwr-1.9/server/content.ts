import type { Link } from "../../../../link/link.ts";
import type {
  LinkMessage,
  MessageDraft,
  NewLinkMessage,
} from "../../../../link/messages/message.ts";
import type { LinkObject } from "../../../../link/objects/objects.ts";
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

/** The content of a message that was just pulled; undefined for one that carries an error. */
export async function loadContent(
  link: Pick<Link, "objects">,
  { content, runId }: LinkMessage,
): Promise<RecordDict | undefined> {
  if (content === undefined) return undefined;
  const objects = await link.objects.wholeTree(content, runId);
  const byId = new Map(objects.map((object) => [object.id, object]));
  return inflateRecordDict(content, (id) => byId.get(id));
}

/** About how many bytes a content takes on the wire: its arrays; the rest is small. */
export function arrayBytes({ parameters }: RecordSet): number {
  let bytes = 0;
  for (const { dataValues } of Object.values(parameters)) {
    for (const { data } of dataValues) bytes += data.length;
  }
  return bytes;
}
