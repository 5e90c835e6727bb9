import { FlwrError } from "../../../base/error.ts";
import type { Advertisement } from "../../../secagg/signed/advertisement.ts";
import type { Addressed } from "../../../secagg/signed/node.ts";
import type { RoundSettings } from "../../../secagg/signed/settings.ts";
import { ConfigRecord } from "../../config_record.ts";
import { float } from "../../float.ts";
import { readByteList, readBytes, readIds, readInteger, readNumber, zipIds } from "../records.ts";

/** Name of the record with the instruction or the reply of each stage. */
export const PROTOCOL_RECORD = "secure-aggregation";

/** Name of the record of a node's context with its state between stages. */
export const STATE_RECORD = "secure-aggregation-state";

/** Name of the record of a node's context with the rounds of each run in which it sent its vector. */
export const HISTORY_RECORD = "secure-aggregation-history";

/** The ArrayRecord with a node's masked vector, and the name of the array in it. */
export const [VECTOR_RECORD, VECTOR] = ["secure-aggregation-vector", "masked"] as const;

/** Keys of {@link PROTOCOL_RECORD} and of similar records. */
export const KEYS = {
  stage: "stage",
  nodes: "nodes",
  ciphertexts: "ciphertexts",
  survivors: "survivors",
  signature: "signature",
  instruction: "instruction",
  signatures: "signatures",
  shares: "shares",
  round: "round",
} as const;

/** Keys of a node's advertisement, and of lists of them. */
const ADVERTISED = {
  maskKey: "mask-key",
  shareKey: "share-key",
  signingKey: "signing-key",
  commitment: "commitment",
  identityKey: "identity-key",
  signature: "signature",
} as const;

type AdvertisedField = keyof typeof ADVERTISED;
const FIELDS = Object.keys(ADVERTISED) as AdvertisedField[];

/** The settings of a round as a record. */
export function settingsToRecord(settings: RoundSettings): ConfigRecord {
  return new ConfigRecord({
    [KEYS.round]: settings.round,
    "participants": settings.participants,
    "threshold": settings.threshold,
    "ring-bits": settings.ringBits,
    "clipping-range": float(settings.clippingRange),
    "quantization-range": settings.quantizationRange,
    "max-weight": float(settings.maxWeight),
    "metric-names": settings.metrics.map(([name]) => name),
    "metric-bounds": float(settings.metrics.map(([, bound]) => bound)),
    ...(settings.noise && {
      "noise-mechanism": settings.noise.mechanism,
      "clipping-norm": float(settings.noise.clippingNorm),
      "noise-multiplier": float(settings.noise.noiseMultiplier),
      colluding: settings.noise.colluding,
    }),
  });
}

/** The settings in a record of {@link settingsToRecord}. @throws FlwrError "invalid-argument" for another record */
export function settingsFromRecord(record: ConfigRecord): RoundSettings {
  const names = readTexts(record, "metric-names");
  const bounds = readNumbers(record, "metric-bounds");
  if (names.length !== bounds.length) throw malformed("metric-bounds", "as many as metrics");
  return {
    round: readInteger(record, KEYS.round),
    participants: readInteger(record, "participants"),
    threshold: readInteger(record, "threshold"),
    ringBits: readInteger(record, "ring-bits") as RoundSettings["ringBits"],
    clippingRange: readNumber(record, "clipping-range"),
    quantizationRange: readInteger(record, "quantization-range"),
    maxWeight: readNumber(record, "max-weight"),
    metrics: names.map((name, i) => [name, bounds[i]!] as const),
    ...(record.has("noise-mechanism") && {
      noise: {
        mechanism: record.string("noise-mechanism"),
        clippingNorm: readNumber(record, "clipping-norm"),
        noiseMultiplier: readNumber(record, "noise-multiplier"),
        colluding: readInteger(record, "colluding"),
      },
    }),
  };
}

/** A node's advertisement as a record, without the node's id, which the message contains. */
export function advertisementToRecord(advertisement: Advertisement): ConfigRecord {
  return new ConfigRecord(
    FIELDS.map((field) => [ADVERTISED[field], advertisement[field]] as const),
  );
}

/** The advertisement of a node. @throws FlwrError "invalid-argument" for another record */
export function advertisementFromRecord(nodeId: bigint, record: ConfigRecord): Advertisement {
  const read = (field: AdvertisedField) => [field, readBytes(record, ADVERTISED[field])] as const;
  return { nodeId, ...Object.fromEntries(FIELDS.map(read)) } as unknown as Advertisement;
}

/** Advertisements as a record: a list for each field. */
export function participantsToRecord(participants: readonly Advertisement[]): ConfigRecord {
  const record = new ConfigRecord({ [KEYS.nodes]: participants.map(({ nodeId }) => nodeId) });
  for (const field of FIELDS) {
    record.set(ADVERTISED[field], participants.map((one) => one[field]));
  }
  return record;
}

/** The advertisements in a record. @throws FlwrError "invalid-argument" for another record */
export function participantsFromRecord(record: ConfigRecord): Advertisement[] {
  const ids = readIds(record, KEYS.nodes);
  const lists = FIELDS.map((field) =>
    [field, zipIds(ids, readByteList(record, ADVERTISED[field]))] as const
  );
  return ids.map((nodeId, place) => {
    const fields = lists.map(([field, list]) => [field, list[place]![1]] as const);
    return { nodeId, ...Object.fromEntries(fields) } as unknown as Advertisement;
  });
}

/** Encrypted shares with their senders or receivers as a record. */
export function addressedToRecord(shares: readonly Addressed[]): ConfigRecord {
  return new ConfigRecord({
    [KEYS.nodes]: shares.map(({ nodeId }) => nodeId),
    [KEYS.ciphertexts]: shares.map(({ ciphertext }) => ciphertext),
  });
}

/** Encrypted shares in a record. @throws FlwrError "invalid-argument" for another record */
export function addressedFromRecord(record: ConfigRecord): Addressed[] {
  return zipIds(readIds(record, KEYS.nodes), readByteList(record, KEYS.ciphertexts))
    .map(([nodeId, ciphertext]) => ({ nodeId, ciphertext }));
}

/** Bytes by node as a record. */
export function byNodeToRecord(
  key: string,
  values: Iterable<readonly [bigint, Uint8Array]>,
): ConfigRecord {
  const pairs = [...values];
  return new ConfigRecord({
    [KEYS.nodes]: pairs.map(([nodeId]) => nodeId),
    [key]: pairs.map(([, bytes]) => bytes),
  });
}

/** Bytes by node in a record. @throws FlwrError "invalid-argument" for another record */
export function byNodeFromRecord(key: string, record: ConfigRecord): [bigint, Uint8Array][] {
  return zipIds(readIds(record, KEYS.nodes), readByteList(record, key));
}

/** An empty list arrives as a list of another type. */
function readList<T>(record: ConfigRecord, key: string, type: string): readonly T[] {
  const typed = record.typed(key);
  if (typed?.type === type) return typed.value as unknown as readonly T[];
  if (typed?.type.endsWith("[]") && (typed.value as readonly unknown[]).length === 0) return [];
  throw malformed(key, `a list of type ${type}`);
}

function readTexts(record: ConfigRecord, key: string): readonly string[] {
  return readList<string>(record, key, "string[]");
}

function readNumbers(record: ConfigRecord, key: string): readonly number[] {
  return readList<number>(record, key, "double[]");
}

function malformed(key: string, expected: string): FlwrError {
  return new FlwrError("invalid-argument", `Secure aggregation: "${key}" is not ${expected}`);
}
