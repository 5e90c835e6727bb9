import type { MessageInitShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import type { ObjectId, ObjectsTogether, WantedObjects } from "../../../../entities/object.ts";
import type { AlongRequest, AlongResponseSchema } from "../../../../proto/gen/current/along_pb.ts";
import { isObjectId } from "../../../objects/object.ts";
import { ApiError } from "../../../api_error.ts";
import { alongBytes } from "../along.ts";
import {
  MAX_ALONG_BYTES,
  MAX_ALONG_CONFIRMS,
  MAX_ALONG_OBJECTS,
  MAX_HELD_OBJECTS,
} from "../limits.ts";

/** Which objects an answer is to bring, whatever messages it has. */
export type AskedAlong = Omit<WantedObjects, "messageIds">;

/**
 * Reads what a pull says that it takes along.
 *
 * @throws ApiError "request-malformed" for too many ids of objects that the caller holds, and for one that is none
 */
export function readAskedAlong({ takesBytes, holds }: AlongRequest): AskedAlong {
  if (holds.length > MAX_HELD_OBJECTS || !holds.every(isObjectId)) {
    throw new ApiError(
      "request-malformed",
      `A pull names up to ${MAX_HELD_OBJECTS} objects by their ids that its caller holds`,
    );
  }
  return {
    maxBytes: alongBytes(takesBytes),
    maxObjects: MAX_ALONG_OBJECTS,
    holds: new Set(holds),
  };
}

/**
 * The messages that a call confirms.
 *
 * @throws ApiError "request-malformed" for too many
 */
export function readConfirms(along: AlongRequest | undefined): readonly ObjectId[] {
  const confirms = along?.confirms ?? [];
  if (confirms.length <= MAX_ALONG_CONFIRMS) return confirms;
  throw new ApiError(
    "request-malformed",
    `A call confirms ${MAX_ALONG_CONFIRMS} messages at most: this one ${confirms.length}`,
  );
}

/** What an answer says of objects to one who asked for them. */
export function alongAnswer(
  objects: ObjectsTogether["objects"] = [],
): MessageInitShape<typeof AlongResponseSchema> {
  return {
    takesBytes: BigInt(MAX_ALONG_BYTES),
    objects: objects.map(({ id, bytes }) => ({ objectId: id, content: bytes })),
  };
}

/** What was pulled for an answer; undefined where there was no room for it in time: it can be pulled object by object. */
export async function whereThereIsRoom<T>(pull: () => Promise<T>): Promise<T | undefined> {
  try {
    return await pull();
  } catch (error) {
    if (FlwrError.from(error).code === "unavailable") return undefined;
    throw error;
  }
}
