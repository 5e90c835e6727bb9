import { MAX_MESSAGE_BYTES } from "../limits.ts";
import { create, type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import {
  type Array as ArrayProto,
  type ArrayRecord,
  ArrayRecordSchema,
  ConfigRecordSchema,
  MetricRecordSchema,
  type RecordDict,
  RecordDictSchema,
} from "../../proto/gen/current/recorddict_pb.ts";
import { inflateArray, parseArray } from "./array.ts";
import { type ObjectType, type ParsedObject, parseObject } from "./object.ts";
import { parseOrdered } from "./python_json.ts";

/**
 * Bytes of all records of one RecordDict. Without the limit, a few objects that reference each other often could fill
 * the memory.
 */
const MAX_INFLATED_BYTES = MAX_MESSAGE_BYTES;

/** Finds an object by its id. The bytes are trusted to hash to it. */
export type GetObject = (id: ObjectId) => Pick<LinkObject, "bytes"> | undefined;

/** Frees a chunk that has been copied into an array. Chunks that other arrays need stay: only the caller knows. */
export type FreeChunk = (id: ObjectId) => void;

/**
 * Assembles a RecordDict from its objects. An array of one chunk is a view of the chunk's bytes.
 *
 * The four levels (dict, record, array, chunk) are fixed by the types that each allows for its children, so circular
 * or endless references are refused as children of a wrong type.
 *
 * @param root the id of the RecordDict's own object
 * @param free default: chunks stay
 * @throws FlwrError "not-found" for a missing object; "invalid-argument" for a malformed one; "resource-exhausted" if
 *   the records exceed a message's maximum size
 */
export function inflateRecordDict(root: ObjectId, get: GetObject, free?: FreeChunk): RecordDict {
  const source = new ObjectSource(get, free);
  const dict = source.load(root, ["RecordDict"]);
  const items = membersOf(dict).map(([key, id]) => {
    const record = source.load(id, ["ArrayRecord", "MetricRecord", "ConfigRecord"]);
    return { key, value: inflateRecord(record, source) };
  });
  return create(RecordDictSchema, { items });
}

function inflateRecord(
  record: ParsedObject,
  source: ObjectSource,
): RecordDict["items"][number]["value"] {
  switch (record.type) {
    case "MetricRecord":
      return { case: "metricRecord", value: decode(MetricRecordSchema, record) };
    case "ConfigRecord":
      return { case: "configRecord", value: decode(ConfigRecordSchema, record) };
    default:
      return { case: "arrayRecord", value: inflateArrayRecord(record, source) };
  }
}

function inflateArrayRecord(record: ParsedObject, source: ObjectSource): ArrayRecord {
  const items = membersOf(record).map(([key, id]) => ({ key, value: source.array(id) }));
  return create(ArrayRecordSchema, { items });
}

/**
 * The named children of a RecordDict or an ArrayRecord, in its order.
 *
 * @throws FlwrError "invalid-argument" if its body is not such a list
 */
export function membersOf(object: ParsedObject): [key: string, id: ObjectId][] {
  const children = new Set(object.children);
  const members = [...parseOrdered(decodeText(object.body))];
  for (const [key, id] of members) {
    if (!children.has(id)) throw malformed(`"${key}" is not among its children`);
  }
  return members;
}

/** Source of one RecordDict's objects. Counts the bytes read; an object that is referenced twice counts twice. */
class ObjectSource {
  readonly #get: GetObject;
  readonly #free: FreeChunk | undefined;
  /** Arrays of several chunks, which are joined once even if they have several names. */
  readonly #joined = new Map<ObjectId, ArrayProto>();
  #inflated = 0;

  constructor(get: GetObject, free: FreeChunk | undefined) {
    this.#get = get;
    this.#free = free;
  }

  load(id: ObjectId, types: readonly ObjectType[]): ParsedObject {
    const object = this.#get(id);
    if (object === undefined) throw new FlwrError("not-found", `Object "${id}" is missing`);
    const parsed = parseObject(object.bytes);
    if (!types.includes(parsed.type)) {
      throw malformed(`"${id}" is a ${parsed.type}, expected ${types.join(" or ")}`);
    }
    this.#count(parsed.body.length);
    return parsed;
  }

  #count(bytes: number): void {
    this.#inflated += bytes;
    if (this.#inflated > MAX_INFLATED_BYTES) {
      throw new FlwrError(
        "resource-exhausted",
        `The records of one message are larger than ${MAX_INFLATED_BYTES} bytes`,
      );
    }
  }

  array(id: ObjectId): ArrayProto {
    const known = this.#joined.get(id);
    if (known !== undefined) {
      this.#count(known.data.length);
      return known;
    }
    const object = this.load(id, ["Array"]);
    const header = parseArray(object);
    const chunks = header.chunks.map((place) =>
      this.load(object.children[place]!, ["ArrayChunk"]).body
    );
    const array = inflateArray(header, chunks, (child) => this.#free?.(object.children[child]!));
    if (chunks.length !== 1) this.#joined.set(id, array);
    return array;
  }
}

function decode<M extends DescMessage>(schema: M, { body }: ParsedObject): MessageShape<M> {
  try {
    return fromBinary(schema, body);
  } catch (cause) {
    throw new FlwrError("invalid-argument", `Malformed object: its body is not a ${schema.name}`, {
      cause,
    });
  }
}

function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new FlwrError("invalid-argument", "Malformed object: its body is not UTF-8 text", {
      cause,
    });
  }
}

function malformed(why: string): FlwrError {
  return new FlwrError("invalid-argument", `Malformed object: ${why}`);
}
