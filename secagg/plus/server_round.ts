import { FlwrError } from "../../base/error.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { addInt64Arrays, totalElements } from "../int64_vector.ts";
import { isPublicKey, KeyAgreement } from "../key_agreement.ts";
import { quantizedWeight } from "../quantize.ts";
import { type HeldShare, recoverSecret } from "../recover_secret.ts";
import { ringNeighbours } from "../ring.ts";
import { ShareFactors } from "../share_factors.ts";
import { addMasks, type SignedMask } from "./mask.ts";
import type { AddressedShares, PublicKeys } from "./node.ts";
import type { RoundSettings } from "./settings.ts";

const SEED_BYTES = 32;

/** Whom a node is to give shares of. */
export interface UnmaskLists {
  /** Neighbours whose vectors are in the sum, itself among them. */
  readonly active: readonly bigint[];
  /** Neighbours that sent shares but no vector. */
  readonly dead: readonly bigint[];
}

/** A node whose contribution to a stage cannot be used. */
export interface Refusal {
  /** The node. */
  readonly nodeId: bigint;
  /** Why, in a sentence for people. */
  readonly reason: string;
}

/** The mean of the nodes' models, as Flower computes it. */
export interface UnmaskedMean {
  /** The elements of each array, in the order of the shapes. */
  readonly arrays: readonly Float64Array[];
  /** Shares that were left out because they were wrong. */
  readonly wrongShares: readonly WrongShare[];
}

/** A wrong share: its owner sent it wrong to its holder, or the holder gave another than it was sent. Nobody sees which. */
export interface WrongShare {
  /** The node whose secret it is of. */
  readonly owner: bigint;
  /** The node that gave it. */
  readonly holder: bigint;
}

/**
 * The server's side of one round of SecAgg+, without the messages. Call the methods in their order, each once:
 * {@link keysReceived}, {@link sharesReceived}, {@link vectorReceived} for each vector, {@link unmaskLists},
 * {@link sharesRevealed}.
 *
 * A node that is lost before its shares are delivered has no masks in common with any other, so the round forgets it. A
 * node that is lost afterwards is dead: the others give shares of its private key, and its masks are computed anew.
 */
export class ServerRound {
  /** What the nodes are told in "setup". */
  readonly settings: RoundSettings;
  readonly #shapes: readonly (readonly number[])[];
  readonly #neighbours: ReadonlyMap<bigint, ReadonlySet<bigint>>;
  readonly #sum: Int32Array;
  readonly #vectors = new Set<bigint>();
  /** The sum of the weights of the nodes with a vector, by the numbers of examples that they say they have. */
  #saidWeight = 0;
  #keys: ReadonlyMap<bigint, PublicKeys> = new Map();
  /** Nodes that take part now. */
  #members: Set<bigint>;

  /**
   * Begins a round.
   *
   * @param ring the nodes in a random order, all different
   * @param shapes of the model's arrays
   */
  constructor(
    ring: readonly bigint[],
    settings: RoundSettings,
    shapes: readonly (readonly number[])[],
  ) {
    this.settings = settings;
    this.#members = new Set(ring);
    this.#neighbours = ringNeighbours(ring, settings.shareNum);
    this.#shapes = [[1], ...shapes];
    this.#sum = new Int32Array(totalElements(this.#shapes));
  }

  /**
   * After "setup".
   *
   * @param keys the public keys of the nodes that answered
   * @returns what each node is sent: the keys of its neighbours and its own, by node id; and the nodes whose keys are not
   *   on P-384, or are those of another node: with them all others would refuse the whole list
   * @throws FlwrError "failed-precondition" when too few nodes are left
   */
  async keysReceived(keys: ReadonlyMap<bigint, PublicKeys>): Promise<{
    lists: Map<bigint, Map<bigint, PublicKeys>>;
    refusals: Refusal[];
  }> {
    const counts = new Map<string, number>();
    const texts = (pair: PublicKeys) => [pair.maskKey, pair.shareKey].map((key) => key.toBase64());
    for (const text of [...keys.values()].flatMap(texts)) {
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    const refusals: Refusal[] = [];
    const sound = new Map<bigint, PublicKeys>();
    for (const [nodeId, pair] of keys) {
      if (texts(pair).some((text) => counts.get(text) !== 1)) {
        refusals.push({ nodeId, reason: "One of its public keys was sent twice" });
      } else if (!await isPublicKey(pair.maskKey) || !await isPublicKey(pair.shareKey)) {
        refusals.push({ nodeId, reason: "One of its public keys is not a P-384 key in PEM" });
      } else sound.set(nodeId, pair);
    }
    this.#keys = sound;
    this.#keepMembers(sound, "published their keys");
    const lists = this.#forEachMember((nodeId) =>
      new Map(this.#around(nodeId).map((neighbour) => [neighbour, sound.get(neighbour)!]))
    );
    return { lists, refusals };
  }

  /**
   * After "share_keys".
   *
   * @param sent the encrypted shares of the nodes that answered, with their receivers
   * @returns what each node is sent: the shares for it, with their senders; and the nodes whose shares are not for exactly
   *   the nodes whose keys they were sent
   * @throws FlwrError "failed-precondition" when too few nodes are left
   */
  sharesReceived(sent: ReadonlyMap<bigint, readonly AddressedShares[]>): {
    deliveries: Map<bigint, AddressedShares[]>;
    refusals: Refusal[];
  } {
    const refusals: Refusal[] = [];
    const sound = new Map<bigint, ReadonlyMap<bigint, Uint8Array>>();
    for (const [nodeId, shares] of sent) {
      const byReceiver = new Map(shares.map((share) => [share.nodeId, share.ciphertext]));
      const expected = this.#around(nodeId).filter((neighbour) => neighbour !== nodeId);
      const isWhole = shares.length === expected.length &&
        expected.every((neighbour) => byReceiver.has(neighbour));
      if (isWhole) sound.set(nodeId, byReceiver);
      else refusals.push({ nodeId, reason: "Its shares are not for the neighbours that it has" });
    }
    this.#keepMembers(sound, "shared their keys");
    const deliveries = this.#forEachMember((nodeId) =>
      this.#around(nodeId).filter((neighbour) => neighbour !== nodeId).map((sender) => ({
        nodeId: sender,
        ciphertext: sound.get(sender)!.get(nodeId)!,
      }))
    );
    return { deliveries, refusals };
  }

  /**
   * In "collect_masked_vectors": adds a node's vector to the sum.
   *
   * @param arrays .npy files of int64: the weight, then the arrays
   * @param numExamples the node's number of examples, as it says in the clear: from 0 to maxWeight
   * @throws FlwrError "invalid-argument" when it does not fit the model; the node then counts as one that sent none
   */
  vectorReceived(nodeId: bigint, arrays: readonly Uint8Array[], numExamples: number): void {
    if (!this.#members.has(nodeId) || this.#vectors.has(nodeId)) {
      throw new FlwrError("invalid-argument", `Node ${nodeId} owes no masked vector`);
    }
    addInt64Arrays(this.#sum, arrays, this.#shapes, this.settings.modulus);
    this.#vectors.add(nodeId);
    this.#saidWeight += quantizedWeight(numExamples, this.settings);
  }

  /**
   * Before "unmask".
   *
   * @returns what each node with a vector is asked for
   * @throws FlwrError "failed-precondition" when the masks cannot be taken off with the nodes that are left
   */
  unmaskLists(): Map<bigint, UnmaskLists> {
    const { threshold } = this.settings;
    for (const owner of this.#owners()) {
      const holders = this.#around(owner).filter((holder) => this.#vectors.has(holder));
      if (holders.length < threshold) throw tooFew("sent their masked vectors", holders, threshold);
    }
    if (this.#vectors.size === 0) throw tooFew("sent their masked vectors", [], threshold);
    return new Map([...this.#vectors].map((nodeId) => {
      const around = this.#around(nodeId);
      return [nodeId, {
        active: around.filter((neighbour) => this.#vectors.has(neighbour)),
        dead: around.filter((neighbour) => !this.#vectors.has(neighbour)),
      }];
    }));
  }

  /**
   * After "unmask": takes the masks off the sum.
   *
   * @param revealed for each node that answered the shares that it gave, by owner
   * @throws FlwrError "failed-precondition" when shares are too few or do not fit together, the sum's weight is not that of
   *   the nodes' numbers of examples, or all weights are 0
   */
  async sharesRevealed(
    revealed: ReadonlyMap<bigint, ReadonlyMap<bigint, Uint8Array>>,
  ): Promise<UnmaskedMean> {
    const { threshold, modulus } = this.settings;
    const wrongShares: WrongShare[] = [];
    const factors = new ShareFactors();
    const masks: SignedMask[] = [];
    for (const owner of this.#owners()) {
      const held: HeldShare[] = [];
      for (const holder of this.#around(owner)) {
        const share = revealed.get(holder)?.get(owner);
        if (share !== undefined) held.push({ holder, share });
      }
      const isActive = this.#vectors.has(owner);
      const { secret, wrongHolder } = await recoverSecret(
        held,
        threshold,
        isActive
          ? { isValid: isSeed, isProof: false }
          : { isValid: (key) => this.#isMaskKeyOf(owner, key), isProof: true },
        factors,
      );
      if (wrongHolder !== undefined) wrongShares.push({ owner, holder: wrongHolder });
      if (isActive) masks.push({ key: secret, sign: -1 });
      else masks.push(...await this.#pairwiseMasks(owner, secret));
    }
    addMasks(this.#sum, masks, modulus);
    return { arrays: this.#mean(), wrongShares };
  }

  /** What takes off the masks that the neighbours of a dead node put on because of it. */
  async #pairwiseMasks(dead: bigint, maskKey: Uint8Array): Promise<SignedMask[]> {
    const neighbours = this.#around(dead).filter((neighbour) => this.#vectors.has(neighbour));
    const keys = await new KeyAgreement(maskKey)
      .sharedKeys(neighbours.map((neighbour) => this.#keys.get(neighbour)!.maskKey));
    return neighbours.map((neighbour, i) => ({
      key: keys[i]!,
      sign: neighbour > dead ? -1 : 1,
    }));
  }

  async #isMaskKeyOf(nodeId: bigint, privateKey: Uint8Array): Promise<boolean> {
    return await new KeyAgreement(privateKey).hasPublicKey(this.#keys.get(nodeId)!.maskKey);
  }

  /** In Flower's order of operations, so that the bits are the same. */
  #mean(): Float64Array[] {
    const { clippingRange, quantizationRange, modulus } = this.settings;
    const weight = (this.#sum[0]! & (modulus - 1)) >>> 0;
    if (weight !== this.#saidWeight % modulus) {
      throw new FlwrError(
        "failed-precondition",
        `SecAgg+: the sum's weight is ${weight}, but the nodes' numbers of examples make ${this.#saidWeight}: a share, a ` +
          "masked vector or a number of examples is wrong",
      );
    }
    if (weight === 0) {
      throw new FlwrError("failed-precondition", "SecAgg+: the nodes' weights are 0 together");
    }
    const scale = (2 * clippingRange) / quantizationRange;
    const offset = -(this.#vectors.size - 1) * clippingRange;
    const inverse = quantizationRange / weight;
    const bits = (modulus - 1) | 0;
    let at = 1;
    return this.#shapes.slice(1).map((shape) => {
      const sums = this.#sum.subarray(at, at += elementCount(shape));
      const array = new Float64Array(sums.length);
      for (let i = 0; i < array.length; i++) {
        const sum = (sums[i]! & bits) >>> 0;
        array[i] = ((sum * scale - clippingRange) + offset) * inverse;
      }
      return array;
    });
  }

  /** Whose secrets are needed: nodes with a vector, and those whose masks lie on one. */
  #owners(): bigint[] {
    return [...this.#members].filter((nodeId) =>
      this.#vectors.has(nodeId) ||
      this.#around(nodeId).some((neighbour) => this.#vectors.has(neighbour))
    );
  }

  /** A node's neighbours that take part, itself among them. */
  #around(nodeId: bigint): bigint[] {
    return [...this.#neighbours.get(nodeId) ?? []].filter((id) => this.#members.has(id));
  }

  #forEachMember<T>(make: (nodeId: bigint) => T): Map<bigint, T> {
    return new Map([...this.#members].map((nodeId) => [nodeId, make(nodeId)]));
  }

  /** Goes on without the nodes that did not answer, and without those that have too few neighbours then. */
  #keepMembers(answered: { has(nodeId: bigint): boolean }, didWhat: string): void {
    const { threshold } = this.settings;
    this.#members = new Set([...this.#members].filter((nodeId) => answered.has(nodeId)));
    for (let lonely: bigint[] = [0n]; lonely.length > 0;) {
      lonely = [...this.#members].filter((nodeId) => this.#around(nodeId).length < threshold);
      for (const nodeId of lonely) this.#members.delete(nodeId);
    }
    if (this.#members.size < threshold) throw tooFew(didWhat, [...this.#members], threshold);
  }
}

function isSeed(secret: Uint8Array): boolean {
  return secret.length === SEED_BYTES;
}

function tooFew(didWhat: string, left: readonly bigint[], threshold: number): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `SecAgg+: too few neighbours ${didWhat}: ${left.length}, expected at least ${threshold}`,
  );
}
