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

/** Objects that a response should include inline, whichever messages it has. */
export type AskedAlong = Omit<WantedObjects, "messageIds">;

/**
 * Reads which inline objects a pull accepts.
 *
 * @throws ApiError "request-malformed" for too many ids of held objects, and for an invalid id
 */
export function readAskedAlong({ takesBytes, holds }: AlongRequest): AskedAlong {
  if (holds.length > MAX_HELD_OBJECTS || !holds.every(isObjectId)) {
    throw new ApiError(
      "request-malformed",
      `A pull may name at most ${MAX_HELD_OBJECTS} held objects, by valid ids`,
    );
  }
  return {
    maxBytes: alongBytes(takesBytes),
    maxObjects: MAX_ALONG_OBJECTS,
    holds: new Set(holds),
  };
}

/**
 * Reads the messages that a call confirms.
 *
 * @throws ApiError "request-malformed" for too many
 */
export function readConfirms(along: AlongRequest | undefined): readonly ObjectId[] {
  const confirms = along?.confirms ?? [];
  if (confirms.length <= MAX_ALONG_CONFIRMS) return confirms;
  throw new ApiError(
    "request-malformed",
    `A call may confirm at most ${MAX_ALONG_CONFIRMS} messages, this one confirms ${confirms.length}`,
  );
}

/** The inline objects of a response, for a caller that accepts them. */
export function alongAnswer(
  objects: ObjectsTogether["objects"] = [],
): MessageInitShape<typeof AlongResponseSchema> {
  return {
    takesBytes: BigInt(MAX_ALONG_BYTES),
    objects: objects.map(({ id, bytes }) => ({ objectId: id, content: bytes })),
  };
}

/**
 * Pulls inline objects; returns undefined if there was no memory for them in time, because they can also be pulled
 * one by one.
 */
export async function ifMemoryAllows<T>(pull: () => Promise<T>): Promise<T | undefined> {
  try {
    return await pull();
  } catch (error) {
    if (FlwrError.from(error).code === "unavailable") return undefined;
    throw error;
  }
}
