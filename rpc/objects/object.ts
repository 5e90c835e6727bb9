import { FlwrError } from "../../base/error.ts";
import { sha256, sha256Hex } from "../../base/platform.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";

/** Bytes of an object's header: the ids of 50,000 children, the maximum number of objects in a message's tree. */
const MAX_HEAD_BYTES = 50_000 * 65 + 64;

/**
 * Largest object that is hashed synchronously, in bytes, which takes about 0.15 ms. Larger objects are hashed
 * asynchronously, off the main thread.
 */
const SYNC_HASH_BYTES = 256 * 1024;

/** Types of objects, which are the first word of their bytes (Flower 1.28 to 1.42). */
export const OBJECT_TYPES = [
  "ArrayChunk",
  "Array",
  "ArrayRecord",
  "MetricRecord",
  "ConfigRecord",
  "RecordDict",
  "Message",
] as const;

/** Type of an object. */
export type ObjectType = typeof OBJECT_TYPES[number];

/** The parts of an object. Its bytes are the header "Type child,child length", a zero byte, and the body. */
export interface ParsedObject {
  readonly type: ObjectType;
  readonly children: readonly ObjectId[];
  /** A view of the object's bytes. */
  readonly body: Uint8Array;
}

const OBJECT_ID = /^[0-9a-f]{64}$/;

/** Whether the text can be an object's id. */
export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text);
}

/** Creates an object. Its id is the SHA-256 of its bytes. */
export async function makeObject(
  type: ObjectType,
  children: readonly ObjectId[],
  body: Uint8Array,
): Promise<LinkObject> {
  const bytes = joinObject(type, children, body);
  return { id: await hashObject(bytes), bytes, children };
}

/** As {@link makeObject}, but synchronous, for bodies of a few kilobytes. */
export function makeSmallObject(
  type: ObjectType,
  children: readonly ObjectId[],
  body: Uint8Array,
): LinkObject {
  const bytes = joinObject(type, children, body);
  return { id: sha256Hex(bytes), bytes, children };
}

function joinObject(
  type: ObjectType,
  children: readonly ObjectId[],
  body: Uint8Array,
): Uint8Array {
  const head = new TextEncoder().encode(`${type} ${children.join(",")} ${body.length}\0`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/** An object's id: the SHA-256 of its bytes in lower-case hexadecimal. */
export async function hashObject(bytes: Uint8Array): Promise<ObjectId> {
  if (bytes.length <= SYNC_HASH_BYTES) return sha256Hex(bytes);
  return (await sha256(bytes)).toHex();
}

/**
 * Parses an object's bytes.
 *
 * @throws FlwrError "invalid-argument" for a header that is not exactly as Flower writes it
 */
export function parseObject(bytes: Uint8Array): ParsedObject {
  const end = bytes.subarray(0, MAX_HEAD_BYTES).indexOf(0);
  if (end < 0) throw malformed(`it has no header, or one of more than ${MAX_HEAD_BYTES} bytes`);
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, end)).split(" ");
  const [type, list, length] = head;
  if (type === undefined || list === undefined || length === undefined || head.length !== 3) {
    throw malformed("its header does not have three parts");
  }
  const known = OBJECT_TYPES.find((name) => name === type);
  if (known === undefined) throw malformed("its type is unknown");
  const children = list === "" ? [] : list.split(",");
  if (!children.every(isObjectId)) throw malformed("a child is not an object id");
  const body = bytes.subarray(end + 1);
  if (length !== String(body.length)) {
    throw malformed(`its header announces "${length}" bytes, its body has ${body.length}`);
  }
  return { type: known, children, body };
}

/**
 * Parses an object from another machine and checks its id.
 *
 * @param id the id that the sender gave it
 * @throws FlwrError "invalid-argument" for malformed bytes; "data-loss" if the bytes do not have that id
 */
export async function readObject(id: ObjectId, bytes: Uint8Array): Promise<LinkObject> {
  const { children } = parseObject(bytes);
  const actual = await hashObject(bytes);
  if (actual !== id) {
    throw new FlwrError(
      "data-loss",
      `The bytes of object "${id}" are wrong: they hash to "${actual}"`,
    );
  }
  return { id, bytes, children };
}

function malformed(why: string): FlwrError {
  return new FlwrError("invalid-argument", `Malformed object: ${why}`);
}
