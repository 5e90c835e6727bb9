import { toBinary } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import {
  type ArrayRecord,
  ConfigRecordSchema,
  MetricRecordSchema,
  type RecordDict,
} from "../../proto/gen/current/recorddict_pb.ts";
import { deflateArray } from "./array.ts";
import { makeObject } from "./object.ts";
import { pythonJson, pythonObject } from "./python_json.ts";

/** A RecordDict as content-addressed objects. */
export interface DeflatedRecordDict {
  /** The id of the RecordDict's own object. */
  readonly root: ObjectId;
  /** Every object once, children before those that refer to them, the root last. */
  readonly objects: readonly LinkObject[];
}

/**
 * Splits a RecordDict into the objects of Flower 1.28 and later, byte for byte as Flower does, because equal arrays
 * must have equal ids whichever program stores them.
 *
 * @throws FlwrError "invalid-argument" if an item has no value, or two have the same key
 */
export async function deflateRecordDict(dict: RecordDict): Promise<DeflatedRecordDict> {
  const objects = new Map<ObjectId, LinkObject>();
  const add = (object: LinkObject): ObjectId => {
    if (!objects.has(object.id)) objects.set(object.id, object);
    return object.id;
  };
  const members = new Map<string, ObjectId>();
  for (const { key, value } of dict.items) {
    const deflated = await deflateRecord(key, value, add);
    addMember(members, key, add(deflated));
  }
  const root = add(await mapObject("RecordDict", members));
  return { root, objects: [...objects.values()] };
}

function deflateRecord(
  key: string,
  record: RecordDict["items"][number]["value"],
  add: (object: LinkObject) => ObjectId,
): Promise<LinkObject> {
  switch (record.case) {
    case "arrayRecord":
      return deflateArrayRecord(record.value, add);
    case "metricRecord":
      return makeObject("MetricRecord", [], toBinary(MetricRecordSchema, record.value));
    case "configRecord":
      return makeObject("ConfigRecord", [], toBinary(ConfigRecordSchema, record.value));
    default:
      throw new FlwrError("invalid-argument", `Record "${key}" has no content`);
  }
}

async function deflateArrayRecord(
  record: ArrayRecord,
  add: (object: LinkObject) => ObjectId,
): Promise<LinkObject> {
  const members = new Map<string, ObjectId>();
  for (const { key, value } of record.items) {
    if (value === undefined) {
      throw new FlwrError("invalid-argument", `Array "${key}" has no content`);
    }
    const ids = (await deflateArray(value)).map(add);
    addMember(members, key, ids.at(-1)!);
  }
  return mapObject("ArrayRecord", members);
}

function addMember(members: Map<string, ObjectId>, key: string, id: ObjectId): void {
  if (members.has(key)) {
    throw new FlwrError("invalid-argument", `The key "${key}" occurs twice in one record`);
  }
  members.set(key, id);
}

/** Creates an object that maps names to other objects. */
function mapObject(
  type: "RecordDict" | "ArrayRecord",
  members: ReadonlyMap<string, ObjectId>,
): Promise<LinkObject> {
  const body = pythonObject(Array.from(members, ([key, id]) => [key, pythonJson(id)] as const));
  return makeObject(type, [...new Set(members.values())], new TextEncoder().encode(body));
}
