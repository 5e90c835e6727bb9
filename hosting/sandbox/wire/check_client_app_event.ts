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
import type { ClientAppEvent } from "../../app/worker_protocol.ts";

/** Most bytes of arrays and settings in an app's state, which the node stores between messages. */
export const MAX_STATE_BYTES = 1024 ** 3;

/** Most entries of a list that an app's thread posts to its process. */
const MAX_ENTRIES: number = RECORD_LIMITS.numbers;

/** Longest text value in an app's reply, in characters. */
const MAX_TEXT_LENGTH: number = RECORD_LIMITS.textBytes;

/** Longest error text of an app, in characters. The rest is cut. */
const MAX_SENTENCE_LENGTH = 8_192;
/** Most hints of an app's error. */
const MAX_HINTS = 8;

/** Longest error text that may be sent to the SuperLink, in characters. The rest is cut. */
const MAX_SUMMARY_LENGTH = 512;

/** Longest hint of an app's error, in characters. The rest is cut. */
const MAX_HINT_LENGTH = 1_024;

const MIN_SINT64 = -(2n ** 63n);
const MAX_SINT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** Bytes of a digest that an app asks to be signed. */
const SIGNED_DIGEST_BYTES = 32;

/** The kinds of events that a ClientApp may post. */
export const KINDS = ["loaded", "load-failed", "crashed", "sign", "reply"] as const;

/**
 * Checks, in the app's process, an event that the app's thread posts. It does not check that a reply answers a message.
 *
 * @throws FlwrError "invalid-argument" that names what is wrong
 */
export function checkClientAppEvent(value: unknown): ClientAppEvent {
  const event = fieldsOf(value, "Event of the app");
  const kind = choiceOf(event["kind"], "Kind of the event", KINDS);
  if (kind !== "reply") return checkSimpleEvent(kind, event);
  const failure = optionalFailure(event["failure"]);
  return { kind, message: message(event["message"]), state: stateOf(event["state"]), ...failure };
}

/** Checks any event but a reply. @throws FlwrError "invalid-argument" */
export function checkSimpleEvent(
  kind: Exclude<ClientAppEvent["kind"], "reply">,
  event: Fields,
): ClientAppEvent {
  switch (kind) {
    case "loaded":
      return { kind };
    case "load-failed":
      return {
        kind,
        message: sentence(event["message"]),
        hints: hints(event["hints"]),
        failure: failureOf(event["failure"]),
      };
    case "sign":
      return { kind, digest: digestOf(event["digest"]) };
    case "crashed":
      return { kind, reason: sentence(event["reason"]), ...optionalFailure(event["failure"]) };
  }
}

/** A copy: the array must not keep a larger frame in memory. */
function digestOf(value: unknown): Uint8Array {
  const digest = bytes(value);
  if (digest.length === SIGNED_DIGEST_BYTES) return digest.slice();
  throw new FlwrError(
    "invalid-argument",
    `A digest to sign has ${SIGNED_DIGEST_BYTES} bytes: got ${digest.length}`,
  );
}

/** Checks the optional failure of an event. */
export function optionalFailure(value: unknown): { readonly failure?: Failure } {
  return value === undefined ? {} : { failure: failureOf(value) };
}

function failureOf(value: unknown): Failure {
  const { summary, details } = fieldsOf(value, "Failure");
  return { summary: sentence(summary).slice(0, MAX_SUMMARY_LENGTH), details: sentence(details) };
}

/** Checks the app's state. Its size is limited, because the node stores it for as long as the run lasts. */
function stateOf(value: unknown): PlainRecordDict {
  let total = 0;
  return records(value, (data) => {
    total += data.length;
    if (total <= MAX_STATE_BYTES) return data;
    throw new FlwrError(
      "resource-exhausted",
      `The app's state has more than ${MAX_STATE_BYTES} bytes`,
    );
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

/** Checks the error of a reply. */
export function errorOf({ code, reason }: Fields): MessageError {
  return {
    code: integerOf(code, "Code of the error", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    reason: sentence(reason),
  };
}

/** Checks the metadata of a reply. */
export function metadataOf(fields: Fields): Metadata {
  const id = (field: string) => bigintOf(fields[field], field, 0n, MAX_UINT64);
  const text = (field: string) => textOf(fields[field], field, MAX_NAME_LENGTH);
  const seconds = (field: string) => {
    const number = numberOf(fields[field], field);
    if (number >= 0 && number < Infinity) return number;
    throw new FlwrError("invalid-argument", `${field} is not a time: ${number}`);
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

/** Accepts bytes, or throws. */
type CheckBytes = (data: Uint8Array) => Uint8Array;

function records(value: unknown, check: CheckBytes = (data) => data): PlainRecordDict {
  return namedList(value, (record) => recordOf(fieldsOf(record, "Record"), check));
}

function recordOf({ kind, items }: Fields, check: CheckBytes): PlainRecord {
  const known = choiceOf(kind, "Kind of a record", ["arrays", "metrics", "config"]);
  switch (known) {
    case "arrays":
      return {
        kind: known,
        items: namedList(items, (item) => arrayOf(fieldsOf(item, "Array"), check)),
      };
    case "metrics":
      return { kind: known, items: namedList(items, (item) => metricOf(fieldsOf(item, "Metric"))) };
    case "config":
      return {
        kind: known,
        items: namedList(items, (item) => settingOf(fieldsOf(item, "Value"), check)),
      };
  }
}

function namedList<T>(value: unknown, read: (value: unknown) => T): (readonly [string, T])[] {
  return listOf(value, "Entries", MAX_ENTRIES).map((entry) => {
    const [name, item] = pairOf(entry, "Entry");
    return [textOf(name, "Name", MAX_NAME_LENGTH), read(item)] as const;
  });
}

function arrayOf({ dtype, shape, stype, data }: Fields, check: CheckBytes): NdArrayFields {
  return {
    dtype: textOf(dtype, "dtype", MAX_NAME_LENGTH),
    shape: listOf(shape, "Shape", MAX_RANK).map((length) =>
      integerOf(length, "Length of an axis", 0, Number.MAX_SAFE_INTEGER)
    ),
    stype: textOf(stype, "stype", MAX_NAME_LENGTH),
    data: check(bytes(data)),
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
      throw new FlwrError("invalid-argument", "A value has an unknown type");
  }
}

function settingOf(fields: Fields, check: CheckBytes): TypedConfigValue {
  const { type, value } = fields;
  switch (type) {
    case "bool":
      return { type, value: bool(value) };
    case "string":
      return { type, value: text(value) };
    case "bytes":
      return { type, value: check(bytes(value)) };
    case "bool[]":
      return { type, value: all(value, bool) };
    case "string[]":
      return { type, value: all(value, text) };
    case "bytes[]":
      return { type, value: all(value, bytes).map(check) };
    default:
      return metricOf(fields);
  }
}

function bool(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new FlwrError("invalid-argument", "A bool is neither true nor false");
}

function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new FlwrError("invalid-argument", "A value of type bytes is not a byte array");
}
