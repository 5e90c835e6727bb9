import type { Link } from "../../../../link/link.ts";
import type { MessageDraft } from "../../../../entities/message.ts";
import type { MessageError } from "../../../../entities/metadata.ts";
import type { ObjectId } from "../../../../entities/object.ts";
import type { RecordDict } from "../../../../proto/gen/current/recorddict_pb.ts";
import { membersOf } from "../../../objects/inflate.ts";
import { type ParsedObject, parseObject } from "../../../objects/object.ts";
import { CURRENT_ARRAYS, isAskedByOlderNames, replyFromLegacyNode } from "../legacy_names.ts";

/**
 * A node's reply under the names that its instruction was asked by: a ServerApp of today gets those of today. Which they
 * were is read from the instruction, which is there until it is answered.
 *
 * @param reply the reply's metadata
 * @returns the records, the same object where nothing is to be translated, or the error that their status stands for
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
  // An instruction that is not there takes no reply: whoever keeps it says so.
  if (asked === undefined) return content;
  const records = new Map(membersOf(asked));
  if (isAskedByOlderNames(reply.messageType, records.keys())) return content;
  const arrays = await read(records.get(CURRENT_ARRAYS));
  const names = arrays?.type === "ArrayRecord"
    ? membersOf(arrays).map(([name]) => name)
    : undefined;
  return replyFromLegacyNode(reply.messageType, content, names);
}
