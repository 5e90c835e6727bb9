import { sameBytes } from "../../base/bytes.ts";
import { FlwrError } from "../../base/error.ts";
import { elementCount, type Tensor } from "../../tensor/tensor.ts";
import { decryptFernet, encryptFernet } from "../fernet.ts";
import { encodeInt64Arrays, totalElements } from "../int64_vector.ts";
import { generatePemKeyPair, KeyAgreement, type PemKeyPair } from "../key_agreement.ts";
import { cryptoFractions, quantize, quantizedWeight, type RandomFractions } from "../quantize.ts";
import { createShares, type RandomBytes, systemRandomBytes } from "../shamir.ts";
import { addMasks, type SignedMask } from "./mask.ts";
import type { KeysShared, Peer, SetUp, VectorSent } from "./node_state.ts";
import { checkRoundSettings, type RoundSettings } from "./settings.ts";
import { decodeShareMessage, encodeShareMessage } from "./share_message.ts";

const SEED_BYTES = 32;
const IV_BYTES = 16;

/** Where a node's secrets come from. Only tests replace it. */
export interface NodeRandomness {
  /** Key pairs: the one for masks first. */
  keyPair(): Promise<PemKeyPair>;
  /** Seed, Shamir's coefficients, initialisation vectors. */
  readonly bytes: RandomBytes;
  /** What decides whether a number is rounded up or down. */
  readonly fractions: RandomFractions;
  /** Unix time in encrypted shares, in seconds. */
  readonly time: number;
}

/** The platform's cryptographic generator. */
export const systemNodeRandomness: NodeRandomness = {
  keyPair: generatePemKeyPair,
  bytes: systemRandomBytes,
  fractions: cryptoFractions,
  time: 0,
};

/** The two public keys of a node, in PEM. */
export interface PublicKeys {
  /** For pairwise masks. */
  readonly maskKey: Uint8Array;
  /** For the encryption of shares. */
  readonly shareKey: Uint8Array;
}

/** Encrypted shares on their way. */
export interface AddressedShares {
  /** The receiver, or the sender. */
  readonly nodeId: bigint;
  readonly ciphertext: Uint8Array;
}

/** A model, weighed. */
export interface WeighedModel {
  /** The number of examples that it was trained on. */
  readonly numExamples: number;
  /** The arrays in the order of the server's model. */
  readonly tensors: readonly Tensor[];
}

/** A node's vector under its masks. */
export interface MaskedVector {
  /** .npy files of int64: the weight, then the arrays. */
  readonly arrays: readonly Uint8Array[];
  /** Elements that were clipped: their surplus is lost. */
  readonly clipped: number;
}

/**
 * Stage "setup": makes the node's keys for this round.
 *
 * @throws FlwrError "invalid-argument" for settings that give no right or no secret sum
 */
export async function setUp(
  nodeId: bigint,
  settings: RoundSettings,
  randomness: NodeRandomness,
): Promise<SetUp> {
  checkRoundSettings(settings);
  const maskKeys = await randomness.keyPair();
  const shareKeys = await randomness.keyPair();
  return { done: "setup", nodeId, settings, maskKeys, shareKeys };
}

/**
 * Stage "share_keys": cuts the node's secrets into shares and encrypts one for each neighbour.
 *
 * @param keys the public keys of the neighbours and of the node itself; the shares are numbered in this order
 * @throws FlwrError "invalid-argument" when keys are too few or too many, not all different, or the node's own are wrong
 */
export async function shareKeys(
  { nodeId, settings, maskKeys, shareKeys }: SetUp,
  keys: ReadonlyMap<bigint, PublicKeys>,
  randomness: NodeRandomness,
): Promise<{ state: KeysShared; shares: AddressedShares[] }> {
  checkKeys(keys, settings);
  const own = keys.get(nodeId);
  const isOwn = own !== undefined && sameBytes(own.maskKey, maskKeys.publicKey) &&
    sameBytes(own.shareKey, shareKeys.publicKey);
  if (!isOwn) throw refused("the server's list does not have this node's own public keys");

  const seed = randomness.bytes(SEED_BYTES);
  const cut = (secret: Uint8Array) =>
    createShares(secret, settings.threshold, keys.size, randomness.bytes);
  const [seedShares, keyShares] = [cut(seed), cut(maskKeys.privateKey)];
  const agreement = new KeyAgreement(shareKeys.privateKey);
  const places = [...keys].map(([destination, { maskKey, shareKey }], place) => ({
    ...{ destination, maskKey, shareKey, seedShare: seedShares[place]! },
    ...{ keyShare: keyShares[place]!, iv: randomness.bytes(IV_BYTES) },
  }));
  const peers = new Map<bigint, Peer>();
  const shares: AddressedShares[] = [];
  const others = places.filter(({ destination }) => destination !== nodeId);
  const sharedKeys = await agreement.sharedKeys(others.map(({ shareKey }) => shareKey));
  await Promise.all(others.map(async (place, index) => {
    const { destination, maskKey, seedShare, keyShare, iv } = place;
    const shareKey = sharedKeys[index]!;
    const message = encodeShareMessage({ source: nodeId, destination, seedShare, keyShare });
    const ciphertext = await encryptFernet(shareKey, message, { iv, time: randomness.time });
    peers.set(destination, { maskKey, shareKey });
    shares[index] = { nodeId: destination, ciphertext };
  }));
  const ownSeedShare = places.find(({ destination }) => destination === nodeId)!.seedShare;
  const state: KeysShared = {
    ...{ done: "share_keys", nodeId, settings, maskKey: maskKeys.privateKey },
    ...{ seed, ownSeedShare, peers },
  };
  return { state, shares };
}

/**
 * The first half of stage "collect_masked_vectors": opens the shares of the neighbours, before the node trains.
 *
 * @param received encrypted shares by sender
 * @throws FlwrError "invalid-argument" when they are too few, come twice or from a node that is not a neighbour, or were
 *   made by or for another node, or in another round
 */
export async function openShares(
  { nodeId, settings: { threshold }, ownSeedShare, peers }: KeysShared,
  received: readonly AddressedShares[],
): Promise<VectorSent> {
  if (received.length + 1 < threshold) {
    throw refused(`shares of ${received.length} neighbours, expected at least ${threshold - 1}`);
  }
  const senders = new Set(received.map((share) => share.nodeId));
  if (senders.size !== received.length) throw refused("two messages of shares from one node");
  const seedShares = new Map([[nodeId, ownSeedShare]]);
  const keyShares = new Map<bigint, Uint8Array>();
  const opened = await Promise.all(received.map(async ({ nodeId: sender, ciphertext }) => {
    const peer = peers.get(sender);
    if (peer === undefined) throw refused(`shares of node ${sender}, which is not a neighbour`);
    const message = decodeShareMessage(await decryptFernet(peer.shareKey, ciphertext));
    if (message.source !== sender) {
      throw refused(`shares that node ${message.source} made, delivered as node ${sender}'s`);
    }
    if (message.destination !== nodeId) {
      throw refused(`shares of node ${sender} for node ${message.destination}`);
    }
    return message;
  }));
  for (const { source, seedShare, keyShare } of opened) {
    seedShares.set(source, seedShare);
    keyShares.set(source, keyShare);
  }
  return { done: "collect_masked_vectors", nodeId, threshold, seedShares, keyShares };
}

/**
 * The second half of stage "collect_masked_vectors": weighs and quantises the model and puts the masks over it.
 *
 * @param senders the nodes whose shares were opened: each has a mask in common with this node
 * @throws FlwrError "invalid-argument" when the weight or an element is out of range
 */
export async function maskModel(
  { nodeId, settings, maskKey, seed, peers }: KeysShared,
  senders: Iterable<bigint>,
  { numExamples, tensors }: WeighedModel,
  randomness: NodeRandomness,
): Promise<MaskedVector> {
  const { quantizationRange, modulus, maxWeight } = settings;
  if (!(numExamples >= 0 && numExamples <= maxWeight)) {
    throw refused(
      `a model of ${numExamples} examples, expected 0 to max_weight, which is ${maxWeight}`,
      ["Raise the ServerApp's maxWeight to the largest number of examples of any node"],
    );
  }
  const weight = quantizedWeight(numExamples, settings);
  const shapes = [[1], ...tensors.map(({ shape }) => shape)];
  const vector = new Int32Array(totalElements(shapes));
  vector[0] = weight;
  let [at, clipped] = [1, 0];
  for (const tensor of tensors) {
    clipped += quantize(
      tensor,
      weight / quantizationRange,
      settings,
      vector,
      at,
      randomness.fractions,
    );
    at += elementCount(tensor.shape);
  }
  const others = [...senders].filter((sender) => sender !== nodeId);
  const keys = await new KeyAgreement(maskKey)
    .sharedKeys(others.map((sender) => peers.get(sender)!.maskKey));
  const masks = others.map((sender, i): SignedMask => ({
    key: keys[i]!,
    sign: nodeId > sender ? 1 : -1,
  }));
  masks.push({ key: seed, sign: 1 });
  addMasks(vector, masks, modulus);
  return { arrays: encodeInt64Arrays(vector, shapes, modulus), clipped };
}

/**
 * Stage "unmask": the shares that take the masks off the sum. Of each node the server gets the share of the seed or that
 * of the private key, never both: with both it could read that node's model.
 *
 * @param active nodes whose vectors are in the sum, this one among them: shares of their seeds are given
 * @param dead nodes that sent shares but no vector: shares of their private keys are given
 * @returns the shares, those of active nodes first
 * @throws FlwrError "invalid-argument" when a node is in both lists or twice in one, its shares never came, this node is
 *   not among the active, or these are fewer than the threshold
 */
export function unmask(
  { nodeId, threshold, seedShares, keyShares }: VectorSent,
  active: readonly bigint[],
  dead: readonly bigint[],
): { owner: bigint; share: Uint8Array }[] {
  const all = [...active, ...dead];
  const twice = all.find((id, index) => all.indexOf(id) !== index);
  if (twice !== undefined) {
    throw refused(
      active.includes(twice) && dead.includes(twice)
        ? `node ${twice} both as active and as dead: both shares together would show its model`
        : `node ${twice} twice in one list`,
    );
  }
  if (!active.includes(nodeId)) throw refused("no list of active nodes that has this node");
  if (active.length < threshold) {
    throw refused(`${active.length} active neighbours, expected at least ${threshold}`);
  }
  const take = (owner: bigint, shares: ReadonlyMap<bigint, Uint8Array>) => {
    const share = shares.get(owner);
    if (share === undefined) throw refused(`node ${owner}, whose shares were not delivered here`);
    return { owner, share };
  };
  return [
    ...active.map((owner) => take(owner, seedShares)),
    ...dead.map((owner) => take(owner, keyShares)),
  ];
}

function checkKeys(keys: ReadonlyMap<bigint, PublicKeys>, settings: RoundSettings): void {
  const { threshold, shareNum } = settings;
  if (keys.size < threshold) {
    throw refused(`public keys of ${keys.size} neighbours, expected at least ${threshold}`);
  }
  if (keys.size > shareNum) {
    throw refused(`public keys of ${keys.size} neighbours, expected at most ${shareNum}`);
  }
  const texts = [...keys.values()].flatMap(({ maskKey, shareKey }) => [maskKey, shareKey])
    .map((key) => key.toBase64());
  if (new Set(texts).size !== texts.length) throw refused("a public key twice");
}

function refused(what: string, hints: readonly string[] = []): FlwrError {
  return new FlwrError("invalid-argument", `SecAgg+: this node was given ${what}`, { hints });
}
