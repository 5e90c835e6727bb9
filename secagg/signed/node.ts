import { joinBytes, sameBytes } from "../../base/bytes.ts";
import { FlwrError } from "../../base/error.ts";
import { createShares, shareNumber } from "../shamir.ts";
import {
  type Advertisement,
  type Distrust,
  distrust,
  fingerprintOf,
  roundKeysDigest,
} from "./advertisement.ts";
import { addMask } from "./mask.ts";
import type { Advertised, Agreed, Collected, Peer, Shared } from "./node_state.ts";
import type { RingVector } from "./ring_vector.ts";
import { pairwiseMaskKey, seedCommitment, selfMaskKey, sessionOf } from "./session.ts";
import { checkRoundSettings, type RoundSettings, settingsHash } from "./settings.ts";
import { decryptShares, encryptShares, type SharePair } from "./share_message.ts";
import { generateSigningKey } from "./signing_key.ts";
import { isSignedBy, signSurvivors } from "./survivors.ts";
import { generateX25519, X25519Agreement } from "./x25519.ts";

/** Bytes of a seed. */
const SEED_BYTES = 32;

/** A node's registered key: the public half, and a function that signs. */
export interface Identity {
  /** The public key: SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  /** Signs the `roundKeysStatement` of a digest, for this node and run. @returns ECDSA with SHA-256, in DER */
  sign(digest: Uint8Array): Promise<Uint8Array>;
}

/** The nodes whose keys a node accepts: a set of identity keys in hexadecimal; or, in tests and simulations, any. */
export type Trust = { readonly keys: ReadonlySet<string> } | "unsigned";

/** Something from or for another node. */
export interface Addressed {
  /** The sender, or the receiver. */
  readonly nodeId: bigint;
  readonly ciphertext: Uint8Array;
}

/**
 * Stage "advertise": makes the node's keys for this round, and signs them.
 *
 * @param identity undefined only in tests and simulations
 * @throws FlwrError "invalid-argument" for settings with which the sum would be wrong or not secret
 */
export async function advertise(
  nodeId: bigint,
  settings: RoundSettings,
  identity: Identity | undefined,
): Promise<{ state: Advertised; own: Advertisement }> {
  checkRoundSettings(settings);
  const [maskKeys, shareKeys] = [await generateX25519(), await generateX25519()];
  const signingKeys = await generateSigningKey();
  const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
  const keys = {
    maskKey: maskKeys.publicKey,
    shareKey: shareKeys.publicKey,
    signingKey: signingKeys.publicKey,
    commitment: await seedCommitment(seed),
  };
  const digest = await roundKeysDigest(await settingsHash(settings), keys);
  const none = new Uint8Array();
  const own: Advertisement = {
    ...{ nodeId, ...keys, identityKey: identity?.publicKey ?? none },
    signature: await identity?.sign(digest) ?? none,
  };
  return {
    state: { done: "advertise", settings, own, maskKeys, shareKeys, signingKeys, seed },
    own,
  };
}

/**
 * Stage "share": checks the participants, splits the node's secrets into shares and encrypts one of each for every
 * other node.
 *
 * @param participants the keys of all participants, this node's among them
 * @throws FlwrError "permission-denied" when a participant is not one that the node's owner trusts; "invalid-argument"
 *   when participants are too few or too many, not all different, or the node's own keys are wrong
 */
export async function share(
  { settings, own, maskKeys, shareKeys, signingKeys, seed }: Advertised,
  runId: bigint,
  participants: readonly Advertisement[],
  trust: Trust,
): Promise<{ state: Shared; shares: Addressed[] }> {
  const { nodeId } = own;
  checkCount(participants, settings);
  checkDistinct(participants);
  checkOwn(participants, own);
  const settingsDigest = await settingsHash(settings);
  await checkTrust(participants, own, { runId, settings: settingsDigest, trust });

  const session = await sessionOf(runId, settings.round, settingsDigest, participants);
  const cut = (secret: Uint8Array) => createShares(secret, settings.threshold, participants.length);
  const [seedShares, keyShares] = [cut(seed), cut(maskKeys.privateKey)];
  const agreement = await X25519Agreement.of(shareKeys.privateKey);
  const peers = new Map<bigint, Peer>();
  const shares: Addressed[] = [];
  let ownShares: SharePair | undefined;
  for (const [place, { nodeId: peer, maskKey, shareKey, signingKey }] of byId(participants)) {
    const pair = { seedShare: seedShares[place]!, keyShare: keyShares[place]! };
    const isOwn = peer === nodeId;
    const shareSecret = isOwn ? new Uint8Array() : await agreement.sharedSecret(shareKey);
    peers.set(peer, { number: place + 1, maskKey, signingKey, shareSecret });
    if (isOwn) ownShares = pair;
    else {
      const route = { source: nodeId, destination: peer };
      const ciphertext = await encryptShares(session, shareSecret, route, pair);
      shares.push({ nodeId: peer, ciphertext });
    }
  }
  const state: Shared = {
    ...{ done: "share", settings, session, nodeId, peers, seed, ownShares: ownShares! },
    ...{ maskKey: maskKeys.privateKey, signingKey: signingKeys.privateKey },
  };
  return { state, shares };
}

/**
 * The first half of stage "collect": opens the shares of the others, before the node trains.
 *
 * Shares that cannot be read are left out, because other nodes have shares of the same secrets. The sender's mask is
 * still put on the vector.
 *
 * @param received encrypted shares by sender
 * @param instruction the hash of the training instruction, 32 bytes: masks and signature are bound to it
 * @returns what the node remembers, and the senders whose shares cannot be read
 * @throws FlwrError "invalid-argument" when there are too few, two from one node, or some from a node that does not
 *   take part
 */
export async function openShares(
  { settings: { threshold }, session, nodeId, peers, signingKey, ownShares }: Shared,
  received: readonly Addressed[],
  instruction: Uint8Array,
): Promise<{ state: Collected; unreadable: bigint[] }> {
  checkSenders(received, peers, nodeId);
  const number = peers.get(nodeId)!.number;
  const shares = new Map<bigint, SharePair>([[nodeId, ownShares]]);
  const senders = new Map([[nodeId, peers.get(nodeId)!.signingKey]]);
  const unreadable: bigint[] = [];
  for (const { nodeId: source, ciphertext } of received) {
    const peer = peers.get(source)!;
    senders.set(source, peer.signingKey);
    try {
      const route = { source, destination: nodeId };
      const pair = await decryptShares(session, peer.shareSecret, route, ciphertext);
      if (!isNumbered(pair, number)) throw new FlwrError("invalid-argument", "Another share");
      shares.set(source, pair);
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      unreadable.push(source);
    }
  }
  if (shares.size < threshold) {
    throw refused(
      `shares of ${senders.size} nodes, of which it can read ${shares.size}, expected at least ${threshold}`,
    );
  }
  return {
    state: {
      ...{ done: "collect", session, nodeId, threshold, signingKey, instruction, senders, shares },
    },
    unreadable,
  };
}

/**
 * The second half of stage "collect": puts the masks over the node's vector.
 *
 * @param opened what {@link openShares} returned: each sender has a mask in common with this node, if it was given the
 *   same instruction
 * @param vector the quantised vector, changed in place
 */
export async function maskVector(
  { session, nodeId, peers, maskKey, seed }: Shared,
  { senders, instruction }: Collected,
  vector: RingVector,
): Promise<void> {
  await addMask(vector, await selfMaskKey(session, seed, nodeId), 1);
  const agreement = await X25519Agreement.of(maskKey);
  for (const sender of senders.keys()) {
    if (sender === nodeId) continue;
    const secret = await agreement.sharedSecret(peers.get(sender)!.maskKey);
    const key = await pairwiseMaskKey(session, instruction, secret, nodeId, sender);
    await addMask(vector, key, nodeId > sender ? 1 : -1);
  }
}

/**
 * Stage "agree": signs the set of nodes whose vectors are in the sum, with the instruction that the node trained by. From now on the node has only the shares that this
 * set allows it to reveal.
 *
 * @param survivors nodes whose vectors are in the sum
 * @throws FlwrError "invalid-argument" when there are too few, a node occurs twice, this node is missing, or this
 *   node's vector lacks a node's mask
 */
export async function agree(
  { session, nodeId, threshold, signingKey, instruction, senders, shares }: Collected,
  survivors: readonly bigint[],
): Promise<{ state: Agreed; signature: Uint8Array }> {
  const set = new Set(survivors);
  if (set.size !== survivors.length) throw refused("a list of survivors with a node twice");
  if (!set.has(nodeId)) throw refused("a list of survivors without this node");
  const stranger = survivors.find((id) => !senders.has(id));
  if (stranger !== undefined) {
    throw refused(`a list of survivors with node ${stranger}, whose shares were not delivered`);
  }
  if (set.size < threshold) {
    throw refused(`a list of ${set.size} survivors, expected at least ${threshold}`);
  }
  const signature = await signSurvivors(session, instruction, survivors, signingKey);
  const kept = [...shares].map(([owner, { seedShare, keyShare }]) =>
    [owner, set.has(owner) ? seedShare : keyShare] as const
  );
  return {
    state: {
      ...{ done: "agree", session, nodeId, threshold, instruction, shares: new Map(kept) },
      survivors: new Map(survivors.map((id) => [id, senders.get(id)!])),
    },
    signature,
  };
}

/**
 * Stage "reveal": gives the shares that remove the masks from the sum, after enough nodes have signed the same
 * survivors.
 *
 * @param signatures by node
 * @returns of each survivor the share of its seed, of each lost node the share of its mask key
 * @throws FlwrError "permission-denied" when a signature is not one of a survivor's over the set and the instruction that this node signed,
 *   or they are fewer than the threshold
 */
export async function reveal(
  { session, threshold, instruction, survivors, shares }: Agreed,
  signatures: readonly (readonly [nodeId: bigint, signature: Uint8Array])[],
): Promise<ReadonlyMap<bigint, Uint8Array>> {
  const signers = new Set(signatures.map(([nodeId]) => nodeId));
  if (signers.size !== signatures.length) throw denied("two signatures of one node");
  for (const [nodeId, signature] of signatures) {
    const key = survivors.get(nodeId);
    if (key === undefined) throw denied(`a signature of node ${nodeId}, which did not survive`);
    if (!await isSignedBy(session, instruction, survivors.keys(), key, signature)) {
      throw denied(
        `a signature of node ${nodeId} that is not one over the survivors and the instruction that this node signed`,
      );
    }
  }
  if (signers.size < threshold) {
    throw denied(`${signers.size} signatures of the survivors, expected at least ${threshold}`);
  }
  return shares;
}

/** Participants with their places in the order of their ids, from 0. */
export function byId(participants: Iterable<Advertisement>): [number, Advertisement][] {
  return [...participants].sort((a, b) => a.nodeId < b.nodeId ? -1 : a.nodeId > b.nodeId ? 1 : 0)
    .map((one, place) => [place, one]);
}

function checkCount(participants: readonly Advertisement[], settings: RoundSettings): void {
  const { threshold, participants: most } = settings;
  if (participants.length >= threshold && participants.length <= most) return;
  throw refused(`keys of ${participants.length} nodes, expected ${threshold} to ${most}`);
}

/** One node with two entries would have two votes. */
function checkDistinct(participants: readonly Advertisement[]): void {
  const isTwice = (values: readonly (string | bigint)[]) => new Set(values).size < values.length;
  if (isTwice(participants.map(({ nodeId }) => nodeId))) throw refused("keys with a node twice");
  const identities = participants.map(({ identityKey }) => identityKey.toHex());
  if (isTwice(identities.filter((key) => key !== ""))) {
    throw refused("two nodes with the same registered key");
  }
  const keys = participants.flatMap(({ maskKey, shareKey, signingKey }) =>
    [maskKey, shareKey, signingKey].map((key) => key.toHex())
  );
  if (isTwice(keys)) throw refused("keys with a public key twice");
}

function checkOwn(participants: readonly Advertisement[], own: Advertisement): void {
  const listed = participants.find(({ nodeId }) => nodeId === own.nodeId);
  if (listed !== undefined && sameBytes(flat(listed), flat(own))) return;
  throw refused("a list of keys without those that this node sent");
}

function flat(one: Advertisement): Uint8Array {
  const { maskKey, shareKey, signingKey, commitment, identityKey, signature } = one;
  return joinBytes([maskKey, shareKey, signingKey, commitment, identityKey, signature]);
}

async function checkTrust(
  participants: readonly Advertisement[],
  own: Advertisement,
  { runId, settings, trust }: { runId: bigint; settings: Uint8Array; trust: Trust },
): Promise<void> {
  const unsigned = trust === "unsigned";
  for (const one of participants) {
    const { nodeId, identityKey } = one;
    if (nodeId === own.nodeId) continue;
    if (!unsigned && identityKey.length > 0 && !trust.keys.has(identityKey.toHex())) {
      throw new FlwrError(
        "permission-denied",
        `Secure aggregation: node ${nodeId} has a key that this node does not trust: ${await fingerprintOf(
          identityKey,
        )}`,
        {
          hints: [
            "If the node belongs to the federation, add its public key to the file of --trusted-node-keys",
          ],
        },
      );
    }
    const reason = await distrust(one, { runId, settings, unsigned });
    if (reason !== undefined) throw denied(`keys of node ${nodeId} that are ${WORDS[reason]}`);
  }
}

const WORDS: Readonly<Record<Distrust, string>> = {
  "malformed": "malformed",
  "not signed": "not signed",
  "wrong signature": "not signed by that node for this round",
};

function checkSenders(
  received: readonly Addressed[],
  peers: ReadonlyMap<bigint, Peer>,
  nodeId: bigint,
): void {
  const senders = new Set(received.map((share) => share.nodeId));
  if (senders.size !== received.length) throw refused("two messages of shares from one node");
  if (senders.has(nodeId)) throw refused("shares from itself");
  const stranger = [...senders].find((sender) => !peers.has(sender));
  if (stranger !== undefined) throw refused(`shares of node ${stranger}, which does not take part`);
}

function isNumbered({ seedShare, keyShare }: SharePair, number: number): boolean {
  return shareNumber(seedShare) === number && shareNumber(keyShare) === number;
}

function refused(what: string): FlwrError {
  return new FlwrError("invalid-argument", `Secure aggregation: this node was given ${what}`);
}

function denied(what: string): FlwrError {
  return new FlwrError("permission-denied", `Secure aggregation: this node was given ${what}`);
}
