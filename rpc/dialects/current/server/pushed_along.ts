import type { InlineObject } from "../../../../entities/push.ts";
import type { ObjectId, ObjectTree } from "../../../../entities/object.ts";
import type { AlongRequest } from "../../../../proto/gen/current/along_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { readAlong } from "../along.ts";
import { readPushedObject } from "./pushed_object.ts";

/**
 * Reads the objects sent inline with announced messages, each like a separately pushed one. If one of them would not
 * be stored, the whole push is refused.
 *
 * @param speaker as for {@link readPushedObject}
 * @returns undefined if there are none
 * @throws ApiError "request-malformed" for bytes that do not match the id, or another sender's message; FlwrError as
 *   {@link readAlong}
 */
export async function readPushedAlong(
  speaker: { readonly nodeId: bigint; readonly runId: bigint },
  along: AlongRequest | undefined,
  trees: readonly ObjectTree[],
): Promise<Map<ObjectId, InlineObject> | undefined> {
  if (along === undefined || along.objects.length === 0) return undefined;
  const came = readAlong(along.objects, (id) => trees.some((tree) => tree.has(id)));
  const inlineObjects = new Map<ObjectId, InlineObject>();
  for (const [id, bytes] of came) {
    const pushed = await readPushedObject(speaker, id, bytes);
    if (pushed === undefined) {
      throw new ApiError(
        "request-malformed",
        `Object "${id}" of a push does not match its id, or is another sender's message`,
      );
    }
    inlineObjects.set(id, pushed);
  }
  return inlineObjects;
}
