import type { Link } from "../../../../link/link.ts";
import type { MessageDraft } from "../../../../entities/message.ts";
import type { MessageError } from "../../../../entities/metadata.ts";
import type { ObjectId } from "../../../../entities/object.ts";
import type { RecordDict } from "../../../../proto/gen/current/recorddict_pb.ts";
import { membersOf } from "../../../objects/inflate.ts";
import { type ParsedObject, parseObject } from "../../../objects/object.ts";
import { CURRENT_ARRAYS, isAskedByOlderNames, replyFromLegacyNode } from "../legacy_names.ts";

/**
 * Renames a node's reply to the names that its instruction used, so a current ServerApp gets current names. The
 * instruction, which exists until it is answered, shows which names they were.
 *
 * @param reply the reply's metadata
 * @returns the records (the same object if nothing was renamed), or the error that their status means
 */
export async function nameReply(
  link: Pick<Link, "objects">,
  reply: MessageDraft,
  content: RecordDict,
): Promise<RecordDict | MessageError> {
  const read = async (id: ObjectId | undefined): Promise<ParsedObject | undefined> => {
    if (id === undefined) return undefined;
    const caller = { nodeId: reply.srcNodeId, runId: reply.runId };
    const { bytes } = await link.objects.pull(caller, id);
    return bytes && parseObject(bytes);
  };
  const instruction = await read(reply.replyToMessageId);
  const asked = await read(instruction?.children[0]);
  // A reply to a missing instruction is refused later, when it is stored.
  if (asked === undefined) return content;
  const records = new Map(membersOf(asked));
  if (isAskedByOlderNames(reply.messageType, records.keys())) return content;
  const arrays = await read(records.get(CURRENT_ARRAYS));
  const names = arrays?.type === "ArrayRecord"
    ? membersOf(arrays).map(([name]) => name)
    : undefined;
  return replyFromLegacyNode(reply.messageType, content, names);
}
