import { joinBytes } from "../../../base/bytes.ts";
import { FlwrError } from "../../../base/error.ts";
import { type Part, statement } from "../../../secagg/signed/statement.ts";
import type { ArrayRecord } from "../../array_record.ts";
import type { ConfigRecord } from "../../config_record.ts";
import type { Message } from "../../message.ts";
import type { MetricRecord } from "../../metric_record.ts";
import type { NdArray } from "../../nd_array.ts";
import { type AnyRecord, isArrayRecord, isConfigRecord } from "../../record_dict.ts";
import type { TypedConfigValue } from "../../typed_value.ts";

/**
 * The hash of everything that determines what a node trains: the message's type and group, its records in their order,
 * with the names, types, shapes and bytes of all values, and the run's settings. Two instructions with the same hash
 * are the same.
 *
 * @param instruction without the protocol's own record, which differs from node to node
 * @param runConfig the settings of the run, in any order
 * @returns 32 bytes: SHA-256
 */
export async function instructionHash(
  { metadata: { messageType, groupId }, content }: Message,
  runConfig: ConfigRecord,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces = [statement("instruction", messageType, groupId, content.size, runConfig.size)];
  for (const [name, record] of content) pieces.push(await recordHash(name, record));
  const settings = [...runConfig.typedEntries()].sort(([a], [b]) => a < b ? -1 : 1);
  for (const [name, typed] of settings) pieces.push(valueStatement(name, typed));
  return await sha256(joinBytes(pieces));
}

/**
 * Checks that an instruction has one model: the handler trains from it, and the update is the difference from it.
 *
 * @returns its arrays
 * @throws FlwrError "invalid-argument" if there is no ArrayRecord or more than one
 */
export function onlyModel({ content }: Message): ArrayRecord {
  const records = [...content.arrayRecords.values()];
  if (records.length === 1) return records[0]!;
  throw new FlwrError(
    "invalid-argument",
    `Secure aggregation: the instruction has ${records.length} ArrayRecords, expected 1: the model`,
    { hints: ["Put other arrays into the model's ArrayRecord, or settings into a ConfigRecord"] },
  );
}

async function recordHash(name: string, record: AnyRecord): Promise<Uint8Array<ArrayBuffer>> {
  if (isArrayRecord(record)) {
    const pieces = [statement("arrays", name, record.size)];
    for (const [key, array] of record) pieces.push(await arrayStatement(key, array));
    return await sha256(joinBytes(pieces));
  }
  const kind = isConfigRecord(record) ? "config" : "metrics";
  const values = (record as ConfigRecord | MetricRecord).typedEntries();
  const pieces = [statement(kind, name, record.size)];
  for (const [key, typed] of values) pieces.push(valueStatement(key, typed));
  return await sha256(joinBytes(pieces));
}

async function arrayStatement(name: string, { dtype, shape, stype, data }: NdArray) {
  return statement("array", name, dtype, stype, shape.length, ...shape, await sha256(data));
}

/** A value with its type. Each item of a list is a separate statement, because a list may be long. */
function valueStatement(name: string, { type, value }: TypedConfigValue): Uint8Array<ArrayBuffer> {
  if (!Array.isArray(value)) return statement("value", name, type, part(value as Scalar));
  const items = value.map((item: Scalar) => statement("item", part(item)));
  return joinBytes([statement("list", name, type, items.length), ...items]);
}

type Scalar = Part | boolean;

function part(value: Scalar): Part {
  return typeof value === "boolean" ? String(value) : value;
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>),
  );
}
