import { joinBytes } from "../base/bytes.ts";
import { FlwrError } from "../base/error.ts";
import { ArrayRecord } from "./array_record.ts";
import { ConfigRecord } from "./config_record.ts";
import type { Context, RegisteredKey } from "./context.ts";
import { Message } from "./message.ts";
import type { MessageError, Metadata } from "../entities/metadata.ts";
import { MetricRecord } from "./metric_record.ts";
import { NdArray, type NdArrayFields } from "./nd_array.ts";
import { type AnyRecord, isArrayRecord, isMetricRecord, RecordDict } from "./record_dict.ts";
import type { TypedConfigValue, TypedMetricValue } from "./typed_value.ts";

/** A record as plain data. */
export type PlainRecord =
  | { readonly kind: "arrays"; readonly items: readonly (readonly [string, NdArrayFields])[] }
  | { readonly kind: "metrics"; readonly items: readonly (readonly [string, TypedMetricValue])[] }
  | { readonly kind: "config"; readonly items: readonly (readonly [string, TypedConfigValue])[] };

/** A RecordDict as plain data. */
export type PlainRecordDict = readonly (readonly [string, PlainRecord])[];

/** A Message as plain data, which structured clone can send to a worker. */
export interface PlainMessage {
  readonly metadata: Metadata;
  readonly content?: PlainRecordDict;
  readonly error?: MessageError;
}

/** A Context as plain data. */
export interface PlainContext {
  readonly runId: bigint;
  readonly nodeId: bigint;
  readonly nodeConfig: PlainRecord;
  readonly state: PlainRecordDict;
  readonly runConfig: PlainRecord;
  readonly registeredKey?: PlainRegisteredKey;
}

/** The public part of a node's registered key as plain data. */
export interface PlainRegisteredKey {
  readonly publicKey: Uint8Array;
  /** The trusted keys, one after the other, and their lengths: many small arrays would be slow to send. */
  readonly trusted?: { readonly lengths: readonly number[]; readonly bytes: Uint8Array };
}

/** Converts a message for `postMessage`. Nothing is copied. */
export function toTransferable(message: Message): PlainMessage {
  const { metadata, error } = message;
  if (error !== undefined) return { metadata, error };
  return { metadata, content: recordDictToPlain(message.content) };
}

/** Restores a message from {@link toTransferable}. */
export function fromTransferable(plain: PlainMessage): Message {
  const body = plain.content === undefined ? plain.error : recordDictFromPlain(plain.content);
  if (body === undefined) {
    throw new FlwrError("invalid-argument", "Message has neither content nor an error");
  }
  return new Message(plain.metadata, body);
}

/** Converts a context for `postMessage`. */
export function contextToTransferable(context: Context): PlainContext {
  return {
    runId: context.runId,
    nodeId: context.nodeId,
    nodeConfig: configToTransferable(context.nodeConfig),
    state: recordDictToPlain(context.state),
    runConfig: configToTransferable(context.runConfig),
    ...(context.registeredKey && { registeredKey: keyToPlain(context.registeredKey) }),
  };
}

function keyToPlain({ publicKey, trustedKeys }: RegisteredKey): PlainRegisteredKey {
  if (trustedKeys === undefined) return { publicKey };
  const lengths = trustedKeys.map(({ length }) => length);
  return { publicKey, trusted: { lengths, bytes: joinBytes(trustedKeys) } };
}

/** Restores a key from the context of {@link contextToTransferable}. @param sign asks the node for a signature */
export function keyFromTransferable(
  { publicKey, trusted }: PlainRegisteredKey,
  sign: RegisteredKey["sign"],
): RegisteredKey {
  if (trusted === undefined) return { publicKey, sign };
  let at = 0;
  const trustedKeys = trusted.lengths.map((length) => trusted.bytes.subarray(at, at += length));
  return { publicKey, trustedKeys, sign };
}

/** Restores a context from {@link contextToTransferable}, without its key: see {@link keyFromTransferable}. */
export function contextFromTransferable(plain: PlainContext): Context {
  return {
    runId: plain.runId,
    nodeId: plain.nodeId,
    nodeConfig: configFromTransferable(plain.nodeConfig),
    state: recordDictFromPlain(plain.state),
    runConfig: configFromTransferable(plain.runConfig),
  };
}

/** Converts settings for `postMessage`. */
export function configToTransferable(config: ConfigRecord): PlainRecord {
  return recordToPlain(config);
}

/** Restores settings from {@link configToTransferable}. */
export function configFromTransferable(plain: PlainRecord): ConfigRecord {
  const record = recordFromPlain(plain);
  if (record instanceof ConfigRecord) return record;
  throw new FlwrError("invalid-argument", `Found ${plain.kind} where settings belong`);
}

/** Converts a RecordDict to plain data. Arrays are not copied. */
export function recordDictToPlain(dict: RecordDict): PlainRecordDict {
  return [...dict].map(([name, record]) => [name, recordToPlain(record)] as const);
}

/** Restores a RecordDict from {@link recordDictToPlain}. */
export function recordDictFromPlain(plain: PlainRecordDict): RecordDict {
  return new RecordDict(plain.map(([name, record]) => [name, recordFromPlain(record)] as const));
}

function recordToPlain(record: AnyRecord): PlainRecord {
  if (isArrayRecord(record)) {
    const items = [...record].map(([name, { dtype, shape, stype, data }]) =>
      [name, { dtype, shape, stype, data }] as const
    );
    return { kind: "arrays", items };
  }
  return isMetricRecord(record)
    ? { kind: "metrics", items: [...record.typedEntries()] }
    : { kind: "config", items: [...record.typedEntries()] };
}

function recordFromPlain(plain: PlainRecord): AnyRecord {
  switch (plain.kind) {
    case "arrays":
      return new ArrayRecord(plain.items.map(([name, item]) => [name, new NdArray(item)] as const));
    case "metrics": {
      const record = new MetricRecord();
      for (const [name, typed] of plain.items) record.setTyped(name, typed);
      return record;
    }
    case "config": {
      const record = new ConfigRecord();
      for (const [name, typed] of plain.items) record.setTyped(name, typed);
      return record;
    }
  }
}
