import { FlwrError } from "../../base/error.ts";
import type { ConfigRecord } from "../config_record.ts";

/** The record with the instruction or the reply of each stage (flwr 1.42, `secaggplus_constants`). */
export const CONFIGS = "secaggplus_configs";

/** The record of a node's context with what it remembers between stages. */
export const STATE = "secaggplus_state";

/** Keys of {@link CONFIGS}. */
export const KEYS = {
  stage: "stage",
  sampleNum: "sample_num",
  shareNum: "share_num",
  threshold: "threshold",
  clippingRange: "clipping_range",
  targetRange: "target_range",
  modRange: "mod_range",
  maxWeight: "max_weight",
  maskKey: "pk1",
  shareKey: "pk2",
  destinations: "dsts",
  ciphertexts: "ctxts",
  sources: "srcs",
  maskedArrays: "masked_params",
  active: "active_nids",
  dead: "dead_nids",
  owners: "nids",
  shares: "shares",
} as const;

/** The node ids under a key. @throws FlwrError "invalid-argument" when it is not a list of them */
export function readIds(record: ConfigRecord, key: string): readonly bigint[] {
  const typed = record.typed(key);
  if (typed?.type === "sint64[]" || typed?.type === "uint64[]") return typed.value;
  if (isEmptyList(typed)) return [];
  throw malformed(key, "a list of node ids");
}

/** The byte strings under a key. @throws FlwrError "invalid-argument" when it is not a list of them */
export function readByteList(record: ConfigRecord, key: string): readonly Uint8Array[] {
  const typed = record.typed(key);
  if (typed?.type === "bytes[]") return typed.value;
  if (isEmptyList(typed)) return [];
  throw malformed(key, "a list of bytes");
}

/** The bytes under a key. @throws FlwrError "invalid-argument" when it is something else */
export function readBytes(record: ConfigRecord, key: string): Uint8Array {
  const typed = record.typed(key);
  if (typed?.type === "bytes") return typed.value;
  throw malformed(key, "bytes");
}

/** The number under a key. @throws FlwrError "invalid-argument" when it is something else, or not finite */
export function readNumber(record: ConfigRecord, key: string): number {
  const typed = record.typed(key);
  if (typed?.type === "double" || typed?.type === "sint64" || typed?.type === "uint64") {
    const number = Number(typed.value);
    if (Number.isFinite(number)) return number;
  }
  throw malformed(key, "a number");
}

/** The whole number under a key. @throws FlwrError "invalid-argument" when it is something else */
export function readInteger(record: ConfigRecord, key: string): number {
  const typed = record.typed(key);
  if (typed?.type === "sint64" || typed?.type === "uint64") {
    const number = Number(typed.value);
    if (Number.isSafeInteger(number)) return number;
  }
  throw malformed(key, "an integer");
}

/** Values with the node ids that they belong to. @throws FlwrError "invalid-argument" when their numbers differ */
export function zipIds<Value>(
  ids: readonly bigint[],
  values: readonly Value[],
): [bigint, Value][] {
  if (ids.length !== values.length) {
    throw new FlwrError(
      "invalid-argument",
      `Secure aggregation: ${ids.length} node ids come with ${values.length} values`,
    );
  }
  return ids.map((id, i) => [id, values[i]!]);
}

/** An empty list arrives as a list of another type. */
function isEmptyList(typed: { readonly type: string; readonly value: unknown } | undefined) {
  return typed !== undefined && typed.type.endsWith("[]") &&
    (typed.value as readonly unknown[]).length === 0;
}

function malformed(key: string, expected: string): FlwrError {
  return new FlwrError("invalid-argument", `Secure aggregation: "${key}" is not ${expected}`);
}
