import type { LinkObject, ObjectId } from "../../../../link/message.ts";
import type { LinkService } from "../../../../link/link.ts";
import type { RecordSet } from "../../../../proto/gen/flwr-1.9/recordset_pb.ts";
import { deflateRecordDict } from "../../../objects/deflate.ts";
import { inflateRecordDict } from "../../../objects/inflate.ts";
import { dictToRecordSet, recordSetToDict } from "../recordset.ts";

/**
 * The content of a pushed task as the SuperLink keeps it: content-addressed objects.
 *
 * @throws FlwrError "invalid-argument" for content that has no current form
 */
export function storeContent(
  set: RecordSet,
): Promise<{ root: ObjectId; objects: readonly LinkObject[] }> {
  return deflateRecordDict(recordSetToDict(set));
}

/** The content of a message that was just pulled, in the 1.9 wire's form. */
export async function loadContent(link: LinkService, root: ObjectId): Promise<RecordSet> {
  const objects = new Map((await link.objectTree(root)).map((object) => [object.id, object]));
  return dictToRecordSet(inflateRecordDict(root, (id) => objects.get(id)));
}

/** About how many bytes a content takes on the wire: its arrays; the rest is small. */
export function arrayBytes({ parameters }: RecordSet): number {
  let bytes = 0;
  for (const { dataValues } of Object.values(parameters)) {
    for (const { data } of dataValues) bytes += data.length;
  }
  return bytes;
}
