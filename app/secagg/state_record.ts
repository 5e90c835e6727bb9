import { FlwrError } from "../../base/error.ts";
import type {
  KeysShared,
  NodeState,
  Peer,
  SetUp,
  VectorSent,
} from "../../secagg/plus/node_state.ts";
import type { RoundSettings } from "../../secagg/plus/settings.ts";
import { ConfigRecord } from "../config_record.ts";
import { float } from "../float.ts";
import { readByteList, readBytes, readIds, readInteger, readNumber, zipIds } from "./records.ts";

/** A node's state as a record of its context. */
export function stateToRecord(state: NodeState): ConfigRecord {
  switch (state.done) {
    case "setup":
      return withSettings(state)
        .set("mask-keys", [state.maskKeys.publicKey, state.maskKeys.privateKey])
        .set("share-keys", [state.shareKeys.publicKey, state.shareKeys.privateKey]);
    case "share_keys":
      return withSettings(state)
        .set("mask-key", state.maskKey)
        .set("seed", state.seed)
        .set("own-seed-share", state.ownSeedShare)
        .set("peers", [...state.peers.keys()])
        .set("peer-mask-keys", [...state.peers.values()].map(({ maskKey }) => maskKey))
        .set("peer-share-keys", [...state.peers.values()].map(({ shareKey }) => shareKey));
    case "collect_masked_vectors":
      return new ConfigRecord({ done: state.done, "node-id": state.nodeId })
        .set("threshold", state.threshold)
        .set("seed-owners", [...state.seedShares.keys()])
        .set("seed-shares", [...state.seedShares.values()])
        .set("key-owners", [...state.keyShares.keys()])
        .set("key-shares", [...state.keyShares.values()]);
  }
}

/** The state in a record of {@link stateToRecord}. @throws FlwrError when the record is another */
export function stateFromRecord(record: ConfigRecord): NodeState {
  const done = record.string("done");
  const nodeId = BigInt(record.typed("node-id")?.value as bigint);
  switch (done) {
    case "setup":
      return setUp(record, nodeId);
    case "share_keys":
      return keysShared(record, nodeId);
    case "collect_masked_vectors":
      return vectorSent(record, nodeId);
  }
  throw new FlwrError("internal", `SecAgg+: the node's state is of an unknown stage: "${done}"`);
}

function setUp(record: ConfigRecord, nodeId: bigint): SetUp {
  const pair = (key: string) => {
    const [publicKey, privateKey] = readByteList(record, key);
    return { publicKey: publicKey!, privateKey: privateKey! };
  };
  return {
    done: "setup",
    nodeId,
    settings: readSettings(record),
    maskKeys: pair("mask-keys"),
    shareKeys: pair("share-keys"),
  };
}

function keysShared(record: ConfigRecord, nodeId: bigint): KeysShared {
  const shareKeys = readByteList(record, "peer-share-keys");
  const peers = zipIds(readIds(record, "peers"), readByteList(record, "peer-mask-keys"))
    .map(([id, maskKey], i): [bigint, Peer] => [id, { maskKey, shareKey: shareKeys[i]! }]);
  return {
    done: "share_keys",
    nodeId,
    settings: readSettings(record),
    maskKey: readBytes(record, "mask-key"),
    seed: readBytes(record, "seed"),
    ownSeedShare: readBytes(record, "own-seed-share"),
    peers: new Map(peers),
  };
}

function vectorSent(record: ConfigRecord, nodeId: bigint): VectorSent {
  const shares = (whose: string) =>
    new Map(zipIds(readIds(record, `${whose}-owners`), readByteList(record, `${whose}-shares`)));
  return {
    done: "collect_masked_vectors",
    nodeId,
    threshold: readInteger(record, "threshold"),
    seedShares: shares("seed"),
    keyShares: shares("key"),
  };
}

function withSettings({ done, nodeId, settings }: SetUp | KeysShared): ConfigRecord {
  return new ConfigRecord({ done, "node-id": nodeId })
    .set("sample-num", settings.sampleNum)
    .set("share-num", settings.shareNum)
    .set("threshold", settings.threshold)
    .set("clipping-range", float(settings.clippingRange))
    .set("quantization-range", settings.quantizationRange)
    .set("modulus", settings.modulus)
    .set("max-weight", float(settings.maxWeight));
}

function readSettings(record: ConfigRecord): RoundSettings {
  return {
    sampleNum: readInteger(record, "sample-num"),
    shareNum: readInteger(record, "share-num"),
    threshold: readInteger(record, "threshold"),
    clippingRange: readNumber(record, "clipping-range"),
    quantizationRange: readInteger(record, "quantization-range"),
    modulus: readInteger(record, "modulus"),
    maxWeight: readNumber(record, "max-weight"),
  };
}
