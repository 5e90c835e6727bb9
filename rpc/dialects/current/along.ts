import type { MessageInitShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import type { LinkObject, ObjectId } from "../../../entities/object.ts";
import type { AlongObject, AlongObjectSchema } from "../../../proto/gen/current/along_pb.ts";
import { MAX_ALONG_BYTES, MAX_ALONG_OBJECTS } from "./limits.ts";

/** An object on its way. */
type AlongObjectInit = MessageInitShape<typeof AlongObjectSchema>;

/** What a number of bytes that a stranger names comes to: never more than {@link MAX_ALONG_BYTES}. */
export function alongBytes(named: bigint): number {
  return Number(named < BigInt(MAX_ALONG_BYTES) ? named : BigInt(MAX_ALONG_BYTES));
}

/**
 * The bytes of objects that came with messages, by id, each a copy: what is kept of them does not keep the whole call.
 * That they hash to their ids is for whoever reads them.
 *
 * @param isAnnounced whether an object is in the tree of one of the messages
 * @throws FlwrError "invalid-argument" for an object that comes twice or is in no tree; "resource-exhausted" for more
 *   than MAX_ALONG_OBJECTS, or more than MAX_ALONG_BYTES
 */
export function readAlong(
  objects: readonly AlongObject[],
  isAnnounced: (id: ObjectId) => boolean,
): Map<ObjectId, Uint8Array> {
  if (objects.length > MAX_ALONG_OBJECTS) {
    throw new FlwrError(
      "resource-exhausted",
      `${objects.length} objects came with a call: at most ${MAX_ALONG_OBJECTS} may`,
    );
  }
  const bytes = objects.reduce((sum, { content }) => sum + content.length, 0);
  if (bytes > MAX_ALONG_BYTES) {
    throw new FlwrError(
      "resource-exhausted",
      `${bytes} bytes of objects came with a call: at most ${MAX_ALONG_BYTES} may`,
    );
  }
  const read = new Map<ObjectId, Uint8Array>();
  for (const { objectId, content } of objects) {
    if (!isAnnounced(objectId)) {
      throw new FlwrError(
        "invalid-argument",
        `Object "${objectId}" came with a call whose messages do not need it`,
      );
    }
    if (read.has(objectId)) {
      throw new FlwrError("invalid-argument", `Object "${objectId}" came twice with one call`);
    }
    read.set(objectId, content.slice());
  }
  return read;
}

/**
 * The objects that go along with a push: as many as its server takes, the smallest first, because each that stays
 * behind costs a call.
 *
 * @param takesBytes as the server said
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
