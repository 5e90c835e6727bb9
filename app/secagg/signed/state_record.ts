import { FlwrError } from "../../../base/error.ts";
import type {
  Advertised,
  Agreed,
  Collected,
  NodeState,
  Peer,
  Shared,
} from "../../../secagg/signed/node_state.ts";
import type { Session } from "../../../secagg/signed/session.ts";
import type { SharePair } from "../../../secagg/signed/share_message.ts";
import { ConfigRecord } from "../../config_record.ts";
import { readByteList, readBytes, readIds, readInteger, zipIds } from "../records.ts";
import {
  advertisementFromRecord,
  advertisementToRecord,
  settingsFromRecord,
  settingsToRecord,
} from "./records.ts";

/** A node's state as a record of its context. */
export function stateToRecord(state: NodeState): ConfigRecord {
  switch (state.done) {
    case "advertise": {
      const { settings, own, maskKeys, shareKeys, signingKeys, seed } = state;
      const pairs = [maskKeys, shareKeys, signingKeys];
      const record = settingsToRecord(settings);
      for (const [name, typed] of advertisementToRecord(own).typedEntries()) {
        record.setTyped(name, typed);
      }
      return begun(record, state.done, own.nodeId)
        .set("private-keys", pairs.map(({ privateKey }) => privateKey))
        .set("seed", seed);
    }
    case "share": {
      const { settings, session, nodeId, peers, maskKey, signingKey, seed, ownShares } = state;
      const record = settingsToRecord(settings);
      setSession(record, session);
      return begun(record, state.done, nodeId)
        .set("private-keys", [maskKey, signingKey])
        .set("seed", seed)
        .set("own-shares", [ownShares.seedShare, ownShares.keyShare])
        .set("peers", [...peers.keys()])
        .set("peer-numbers", [...peers.values()].map(({ number }) => number))
        .set("peer-mask-keys", [...peers.values()].map((peer) => peer.maskKey))
        .set("peer-signing-keys", [...peers.values()].map((peer) => peer.signingKey))
        .set("peer-secrets", [...peers.values()].map((peer) => peer.shareSecret));
    }
    case "collect": {
      const { session, nodeId, threshold, signingKey, instruction, senders, shares } = state;
      const record = new ConfigRecord({ threshold, instruction });
      setSession(record, session);
      return begun(record, state.done, nodeId)
        .set("private-keys", [signingKey])
        .set("senders", [...senders.keys()])
        .set("sender-keys", [...senders.values()])
        .set("owners", [...shares.keys()])
        .set("seed-shares", [...shares.values()].map(({ seedShare }) => seedShare))
        .set("key-shares", [...shares.values()].map(({ keyShare }) => keyShare));
    }
    case "agree": {
      const { session, nodeId, threshold, instruction, survivors, shares } = state;
      const record = new ConfigRecord({ threshold, instruction });
      setSession(record, session);
      return begun(record, state.done, nodeId)
        .set("survivors", [...survivors.keys()])
        .set("survivor-keys", [...survivors.values()])
        .set("owners", [...shares.keys()])
        .set("shares", [...shares.values()]);
    }
  }
}

/** The state in a record of {@link stateToRecord}. @throws FlwrError when the record is another */
export function stateFromRecord(record: ConfigRecord): NodeState {
  const nodeId = BigInt(record.typed("node-id")?.value as bigint);
  switch (record.string("done")) {
    case "advertise":
      return advertised(record, nodeId);
    case "share":
      return shared(record, nodeId);
    case "collect":
      return collected(record, nodeId);
    case "agree":
      return agreed(record, nodeId);
  }
  throw new FlwrError("internal", "Secure aggregation: the node's state is of an unknown stage");
}

function advertised(record: ConfigRecord, nodeId: bigint): Advertised {
  const own = advertisementFromRecord(nodeId, record);
  const [mask, share, signing] = readByteList(record, "private-keys");
  return {
    done: "advertise",
    settings: settingsFromRecord(record),
    own,
    maskKeys: { publicKey: own.maskKey, privateKey: mask! },
    shareKeys: { publicKey: own.shareKey, privateKey: share! },
    signingKeys: { publicKey: own.signingKey, privateKey: signing! },
    seed: readBytes(record, "seed"),
  };
}

function shared(record: ConfigRecord, nodeId: bigint): Shared {
  const ids = readIds(record, "peers");
  const numbers = readIds(record, "peer-numbers");
  const [maskKeys, signingKeys, secrets] = ["mask-keys", "signing-keys", "secrets"]
    .map((what) => zipIds(ids, readByteList(record, `peer-${what}`)));
  const peers = ids.map((id, i): [bigint, Peer] => [id, {
    number: Number(numbers[i]),
    maskKey: maskKeys![i]![1],
    signingKey: signingKeys![i]![1],
    shareSecret: secrets![i]![1],
  }]);
  const [maskKey, signingKey] = readByteList(record, "private-keys");
  const [seedShare, keyShare] = readByteList(record, "own-shares");
  return {
    ...{ done: "share", nodeId, settings: settingsFromRecord(record) },
    session: getSession(record),
    peers: new Map(peers),
    ...{ maskKey: maskKey!, signingKey: signingKey!, seed: readBytes(record, "seed") },
    ownShares: { seedShare: seedShare!, keyShare: keyShare! },
  };
}

function collected(record: ConfigRecord, nodeId: bigint): Collected {
  const [signingKey] = readByteList(record, "private-keys");
  const owners = readIds(record, "owners");
  const keyShares = readByteList(record, "key-shares");
  const shares = zipIds(owners, readByteList(record, "seed-shares"))
    .map(([id, seedShare], i): [bigint, SharePair] => [id, { seedShare, keyShare: keyShares[i]! }]);
  return {
    ...{ done: "collect", nodeId, session: getSession(record), signingKey: signingKey! },
    threshold: readInteger(record, "threshold"),
    instruction: readBytes(record, "instruction"),
    senders: new Map(zipIds(readIds(record, "senders"), readByteList(record, "sender-keys"))),
    shares: new Map(shares),
  };
}

function agreed(record: ConfigRecord, nodeId: bigint): Agreed {
  const byId = (ids: string, values: string) =>
    new Map(zipIds(readIds(record, ids), readByteList(record, values)));
  return {
    ...{ done: "agree", nodeId, session: getSession(record) },
    threshold: readInteger(record, "threshold"),
    instruction: readBytes(record, "instruction"),
    survivors: byId("survivors", "survivor-keys"),
    shares: byId("owners", "shares"),
  };
}

function begun(record: ConfigRecord, done: string, nodeId: bigint): ConfigRecord {
  return record.set("done", done).set("node-id", nodeId);
}

function setSession(record: ConfigRecord, { runId, round, hash }: Session): void {
  record.set("session-run", runId).set("session-round", round).set("session", hash);
}

function getSession(record: ConfigRecord): Session {
  return {
    runId: BigInt(record.typed("session-run")?.value as bigint),
    round: readInteger(record, "session-round"),
    hash: readBytes(record, "session"),
  };
}
