import { missingObject } from "../../link/objects/references.ts";
import type { ObjectTables } from "../../link/objects/context.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";

/**
 * The stored objects of a root's tree, children first, each once.
 *
 * @throws not-found
 */
export async function readTree(
  tx: Pick<ObjectTables, "objects">,
  root: ObjectId,
): Promise<LinkObject[]> {
  const tree = new Map<ObjectId, LinkObject>();
  const visit = async (id: ObjectId): Promise<void> => {
    if (tree.has(id)) return;
    const object = await tx.objects.get(id);
    if (object === undefined) throw missingObject(id);
    for (const child of object.children) await visit(child);
    tree.set(id, object);
  };
  await visit(root);
  return [...tree.values()];
}
