import { MAX_NAME_LENGTH, MAX_RANK, RECORD_LIMITS } from "./record_columns.ts";
import type { NdArrayFields } from "../../../app/nd_array.ts";
import type { MessageError, Metadata } from "../../../entities/metadata.ts";
import type { PlainMessage, PlainRecord, PlainRecordDict } from "../../../app/transferable.ts";
import type { TypedConfigValue, TypedMetricValue } from "../../../app/typed_value.ts";
import { FlwrError } from "../../../base/error.ts";
import {
  bigintOf,
  choiceOf,
  type Fields,
  fieldsOf,
  integerOf,
  listOf,
  numberOf,
  pairOf,
  textOf,
} from "../../../base/untrusted.ts";
import type { Failure } from "../../app/failure.ts";
import type { FromWorker } from "../../app/worker_protocol.ts";

/** Most bytes of arrays and settings that an app may keep from one message to the next: the node keeps them for it. */
export const MAX_STATE_BYTES = 1024 ** 3;

/** Most entries of a list that an app posts to its own process. */
const MAX_ENTRIES: number = RECORD_LIMITS.numbers;

/** Longest text among the settings that an app replies, in characters. */
const MAX_TEXT_LENGTH: number = RECORD_LIMITS.textBytes;

/** Longest sentence about an error that is taken from an app, in characters, and most hints. */
const MAX_SENTENCE_LENGTH = 8_192;
const MAX_HINTS = 8;

/** Longest sentence about an error that the SuperLink may be told, in characters. */
const MAX_TOLD_LENGTH = 512;

/** Longest hint that is taken from an app, in characters. */
const MAX_HINT_LENGTH = 1_024;

const MIN_SINT64 = -(2n ** 63n);
const MAX_SINT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** What a ClientApp may say. */
export const KINDS = ["loaded", "load-failed", "crashed", "reply"] as const;

/**
 * Reads, in the app's process, what its thread posts. Whether it answers anything is for others to tell.
 *
 * @throws FlwrError "invalid-argument" that names what is wrong
 */
export function checkSaid(value: unknown): FromWorker {
  const said = fieldsOf(value, "What the app says");
  const kind = choiceOf(said["kind"], "Its kind", KINDS);
  if (kind !== "reply") return plainWord(kind, said);
  const failure = maybeFailure(said["failure"]);
  return { kind, message: message(said["message"]), state: stateOf(said["state"]), ...failure };
}

/** Reads whatever is no reply. @throws FlwrError "invalid-argument" */
export function plainWord(kind: Exclude<FromWorker["kind"], "reply">, said: Fields): FromWorker {
  switch (kind) {
    case "loaded":
      return { kind };
    case "load-failed":
      return {
        kind,
        message: sentence(said["message"]),
        hints: hints(said["hints"]),
        failure: failureOf(said["failure"]),
      };
    case "crashed":
      return { kind, reason: sentence(said["reason"]), ...maybeFailure(said["failure"]) };
  }
}

/** What is said of an error, where something is. */
export function maybeFailure(value: unknown): { readonly failure?: Failure } {
  return value === undefined ? {} : { failure: failureOf(value) };
}

function failureOf(value: unknown): Failure {
  const { told, details } = fieldsOf(value, "Failure");
  return { told: sentence(told).slice(0, MAX_TOLD_LENGTH), details: sentence(details) };
}

/** The records that an app keeps. The node keeps them for long, so they are bounded. */
function stateOf(value: unknown): PlainRecordDict {
  let total = 0;
  return records(value, (data) => {
    total += data.length;
    if (total <= MAX_STATE_BYTES) return data;
    throw new FlwrError("resource-exhausted", `Its state has more than ${MAX_STATE_BYTES} bytes`);
  });
}

function sentence(value: unknown): string {
  if (typeof value !== "string") return textOf(value, "Sentence", MAX_SENTENCE_LENGTH);
  return value.slice(0, MAX_SENTENCE_LENGTH);
}

function hints(value: unknown): string[] {
  return listOf(value, "Hints", MAX_HINTS).map((hint) => sentence(hint).slice(0, MAX_HINT_LENGTH));
}

function message(value: unknown): PlainMessage {
  const fields = fieldsOf(value, "Reply");
  const metadata = metadataOf(fieldsOf(fields["metadata"], "Metadata"));
  return fields["content"] === undefined
    ? { metadata, error: errorOf(fieldsOf(fields["error"], "Error of the reply")) }
    : { metadata, content: records(fields["content"]) };
}

/** The error of a reply. */
export function errorOf({ code, reason }: Fields): MessageError {
  return {
    code: integerOf(code, "Code of the error", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    reason: sentence(reason),
  };
}

/** Metadata of a reply. */
export function metadataOf(fields: Fields): Metadata {
  const id = (field: string) => bigintOf(fields[field], field, 0n, MAX_UINT64);
  const text = (field: string) => textOf(fields[field], field, MAX_NAME_LENGTH);
  const seconds = (field: string) => {
    const number = numberOf(fields[field], field);
    if (number >= 0 && number < Infinity) return number;
    throw new FlwrError("invalid-argument", `${field} is no time: ${number}`);
  };
  return {
    runId: id("runId"),
    messageId: text("messageId"),
    srcNodeId: id("srcNodeId"),
    dstNodeId: id("dstNodeId"),
    replyToMessageId: text("replyToMessageId"),
    groupId: text("groupId"),
    messageType: text("messageType"),
    createdAt: seconds("createdAt"),
    ttl: seconds("ttl"),
  };
}

/** Takes bytes over, or refuses them. */
type TakeBytes = (data: Uint8Array) => Uint8Array;

function records(value: unknown, take: TakeBytes = (data) => data): PlainRecordDict {
  return namedList(value, (record) => recordOf(fieldsOf(record, "Record"), take));
}

function recordOf({ kind, items }: Fields, take: TakeBytes): PlainRecord {
  const known = choiceOf(kind, "Kind of a record", ["arrays", "metrics", "config"]);
  switch (known) {
    case "arrays":
      return {
        kind: known,
        items: namedList(items, (item) => arrayOf(fieldsOf(item, "Array"), take)),
      };
    case "metrics":
      return { kind: known, items: namedList(items, (item) => metricOf(fieldsOf(item, "Metric"))) };
    case "config":
      return {
        kind: known,
        items: namedList(items, (item) => settingOf(fieldsOf(item, "Value"), take)),
      };
  }
}

function namedList<T>(value: unknown, read: (value: unknown) => T): (readonly [string, T])[] {
  return listOf(value, "Entries", MAX_ENTRIES).map((entry) => {
    const [name, item] = pairOf(entry, "Entry");
    return [textOf(name, "Name", MAX_NAME_LENGTH), read(item)] as const;
  });
}

function arrayOf({ dtype, shape, stype, data }: Fields, take: TakeBytes): NdArrayFields {
  return {
    dtype: textOf(dtype, "dtype", MAX_NAME_LENGTH),
    shape: listOf(shape, "Shape", MAX_RANK).map((length) =>
      integerOf(length, "Length of an axis", 0, Number.MAX_SAFE_INTEGER)
    ),
    stype: textOf(stype, "stype", MAX_NAME_LENGTH),
    data: take(bytes(data)),
  };
}

const sint64 = (value: unknown) => bigintOf(value, "Integer", MIN_SINT64, MAX_SINT64);
const uint64 = (value: unknown) => bigintOf(value, "Integer", 0n, MAX_UINT64);
const double = (value: unknown) => numberOf(value, "Number");
const text = (value: unknown) => textOf(value, "Text", MAX_TEXT_LENGTH);

function all<T>(value: unknown, read: (value: unknown) => T): T[] {
  return listOf(value, "List", MAX_ENTRIES).map(read);
}

function metricOf({ type, value }: Fields): TypedMetricValue {
  switch (type) {
    case "double":
      return { type, value: double(value) };
    case "sint64":
      return { type, value: sint64(value) };
    case "uint64":
      return { type, value: uint64(value) };
    case "double[]":
      return { type, value: all(value, double) };
    case "sint64[]":
      return { type, value: all(value, sint64) };
    case "uint64[]":
      return { type, value: all(value, uint64) };
    default:
      throw new FlwrError("invalid-argument", "A value has no known type");
  }
}

function settingOf(fields: Fields, take: TakeBytes): TypedConfigValue {
  const { type, value } = fields;
  switch (type) {
    case "bool":
      return { type, value: bool(value) };
    case "string":
      return { type, value: text(value) };
    case "bytes":
      return { type, value: take(bytes(value)) };
    case "bool[]":
      return { type, value: all(value, bool) };
    case "string[]":
      return { type, value: all(value, text) };
    case "bytes[]":
      return { type, value: all(value, bytes).map(take) };
    default:
      return metricOf(fields);
  }
}

function bool(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new FlwrError("invalid-argument", "A value that should be true or false is neither");
}

function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new FlwrError("invalid-argument", "A value that should be bytes is something else");
}
