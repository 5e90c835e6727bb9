import type { MessageInitShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import type { LinkObject, ObjectId } from "../../../entities/object.ts";
import type { AlongObject, AlongObjectSchema } from "../../../proto/gen/current/along_pb.ts";
import { MAX_ALONG_BYTES, MAX_ALONG_OBJECTS } from "./limits.ts";

/** An object sent inline, as protobuf fields. */
type AlongObjectInit = MessageInitShape<typeof AlongObjectSchema>;

/** Clamps a peer's byte limit to at most {@link MAX_ALONG_BYTES}. */
export function alongBytes(named: bigint): number {
  return Number(named < BigInt(MAX_ALONG_BYTES) ? named : BigInt(MAX_ALONG_BYTES));
}

/**
 * Reads objects sent inline with the call that announces their messages. Returns copies of their bytes by id, because
 * views would keep the whole request in memory. Does not check the bytes against the ids.
 *
 * @param isAnnounced whether an object is in the tree of one of the messages
 * @throws FlwrError "invalid-argument" for an object that occurs twice or is in no tree; "resource-exhausted" for
 *   more than MAX_ALONG_OBJECTS, or more than MAX_ALONG_BYTES
 */
export function readAlong(
  objects: readonly AlongObject[],
  isAnnounced: (id: ObjectId) => boolean,
): Map<ObjectId, Uint8Array> {
  if (objects.length > MAX_ALONG_OBJECTS) {
    throw new FlwrError(
      "resource-exhausted",
      `The call carries ${objects.length} objects: at most ${MAX_ALONG_OBJECTS} are allowed`,
    );
  }
  const bytes = objects.reduce((sum, { content }) => sum + content.length, 0);
  if (bytes > MAX_ALONG_BYTES) {
    throw new FlwrError(
      "resource-exhausted",
      `The call carries ${bytes} bytes of objects: at most ${MAX_ALONG_BYTES} are allowed`,
    );
  }
  const read = new Map<ObjectId, Uint8Array>();
  for (const { objectId, content } of objects) {
    if (!isAnnounced(objectId)) {
      throw new FlwrError(
        "invalid-argument",
        `The call carries object "${objectId}", which none of its messages needs`,
      );
    }
    if (read.has(objectId)) {
      throw new FlwrError("invalid-argument", `The call carries object "${objectId}" twice`);
    }
    read.set(objectId, content.slice());
  }
  return read;
}

/**
 * Selects the objects to send inline with a push: as many as the server accepts, smallest first, because each of the
 * others costs a call.
 *
 * @param takesBytes bytes that the server accepts, as it announced
 */
export function packAlong(
  objects: Iterable<LinkObject>,
  takesBytes: number,
): AlongObjectInit[] {
  const packed: AlongObjectInit[] = [];
  let left = takesBytes;
  for (const { id, bytes } of [...objects].sort((a, b) => a.bytes.length - b.bytes.length)) {
    if (packed.length === MAX_ALONG_OBJECTS || bytes.length > left) break;
    packed.push({ objectId: id, content: bytes });
    left -= bytes.length;
  }
  return packed;
}
