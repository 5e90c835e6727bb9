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

/**
 * The content of a message that was just pulled, in the 1.9 wire's form.
 *
 * @returns it, and how many bytes its objects have
 */
export async function loadContent(
  link: LinkService,
  root: ObjectId,
): Promise<{ recordSet: RecordSet; byteLength: number }> {
  const tree = await link.objectTree(root);
  const objects = new Map(tree.map((object) => [object.id, object]));
  return {
    recordSet: dictToRecordSet(inflateRecordDict(root, (id) => objects.get(id))),
    byteLength: tree.reduce((sum, { bytes }) => sum + bytes.length, 0),
  };
}
