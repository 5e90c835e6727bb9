import { sameBytes } from "../../base/bytes.ts";
import { FlwrError } from "../../base/error.ts";
import { type HeldShare, recoverSecret } from "../recover_secret.ts";
import { shareNumber } from "../shamir.ts";
import { type Advertisement, distrust } from "./advertisement.ts";
import { addMask } from "./mask.ts";
import { type Addressed, byId } from "./node.ts";
import { RingVector } from "./ring_vector.ts";
import {
  pairwiseMaskKey,
  seedCommitment,
  selfMaskKey,
  type Session,
  sessionOf,
} from "./session.ts";
import { type RoundSettings, settingsHash } from "./settings.ts";
import { isSignedBy } from "./survivors.ts";
import { generateX25519, isX25519Pair, X25519Agreement } from "./x25519.ts";

/** Why a node does not take part. */
export interface Refusal {
  readonly nodeId: bigint;
  readonly reason: string;
}

/** A share that was left out of the reconstruction of its secret. */
export interface WrongShare {
  /** The node whose secret it is a share of. */
  readonly owner: bigint;
  /** The node that gave it. */
  readonly holder: bigint;
}

/** Whether a public key can be used for key agreement. If not, every node that used it would refuse the round. */
async function isUsable(publicKey: Uint8Array): Promise<boolean> {
  const probe = await X25519Agreement.of((await generateX25519()).privateKey);
  return await probe.sharedSecret(publicKey).then(() => true, () => false);
}

/**
 * The server's side of one round. Call its methods in their order, each with the replies of one stage.
 *
 * The server checks what it passes on, so that one faulty node does not make the others refuse. The protocol's secrecy
 * does not depend on these checks: nodes make their own.
 */
export class ServerRound {
  readonly #runId: bigint;
  readonly #settings: RoundSettings;
  readonly #sum: RingVector;
  #session: Session | undefined;
  #participants = new Map<bigint, Advertisement & { readonly number: number }>();
  /** Nodes whose shares were delivered: those with masks on the vectors. */
  #senders = new Set<bigint>();
  #survivors = new Set<bigint>();
  #signatures = new Map<bigint, Uint8Array>();
  /** The hash of the instruction that the signers trained by. */
  #instruction: Uint8Array = new Uint8Array();

  /**
   * @param settings checked
   * @param length elements of the vectors
   */
  constructor(runId: bigint, settings: RoundSettings, length: number) {
    this.#runId = runId;
    this.#settings = settings;
    this.#sum = new RingVector(settings.ringBits, length);
  }

  /**
   * After "advertise".
   *
   * @param unsigned whether keys without signatures are accepted: in tests and simulations
   * @returns what each node is sent, and the nodes whose keys are not sound
   * @throws FlwrError "failed-precondition" when too few nodes are left
   */
  async advertised(
    advertisements: readonly Advertisement[],
    unsigned: boolean,
  ): Promise<{ participants: Advertisement[]; refusals: Refusal[] }> {
    const settings = await settingsHash(this.#settings);
    const refusals: Refusal[] = [];
    const sound: Advertisement[] = [];
    const seen = new Set<string>();
    for (const [, one] of byId(advertisements)) {
      const { nodeId, identityKey, maskKey, shareKey, signingKey } = one;
      const reason = await distrust(one, { runId: this.#runId, settings, unsigned });
      const keys = [identityKey, maskKey, shareKey, signingKey].filter(({ length }) => length > 0)
        .map((key) => key.toHex());
      if (reason !== undefined) refusals.push({ nodeId, reason: `Its keys: ${reason}` });
      else if (keys.some((key) => seen.has(key)) || new Set(keys).size < keys.length) {
        refusals.push({ nodeId, reason: "Its keys: one of them was sent twice" });
      } else if (!await isUsable(maskKey) || !await isUsable(shareKey)) {
        refusals.push({ nodeId, reason: "Its keys: one of them is of small order" });
      } else {
        keys.forEach((key) => seen.add(key));
        sound.push(one);
      }
    }
    this.#require(sound.length, "sent their keys");
    this.#participants = new Map(
      byId(sound).map(([place, one]) => [one.nodeId, { ...one, number: place + 1 }]),
    );
    this.#session = await sessionOf(this.#runId, this.#settings.round, settings, sound);
    return { participants: sound, refusals };
  }

  /**
   * After "share".
   *
   * @param sent the encrypted shares of the nodes that answered, with their receivers
   * @returns what each node is sent: the shares for it, with their senders; and the nodes whose shares are not for
   *   exactly the other participants
   * @throws FlwrError "failed-precondition" when too few nodes are left
   */
  shared(
    sent: ReadonlyMap<bigint, readonly Addressed[]>,
  ): { deliveries: Map<bigint, Addressed[]>; refusals: Refusal[] } {
    const refusals: Refusal[] = [];
    const sound = new Map<bigint, ReadonlyMap<bigint, Uint8Array>>();
    for (const [nodeId, shares] of sent) {
      if (!this.#participants.has(nodeId)) continue;
      const byReceiver = new Map(shares.map((share) => [share.nodeId, share.ciphertext]));
      const others = [...this.#participants.keys()].filter((other) => other !== nodeId);
      const isWhole = shares.length === others.length && others.every((id) => byReceiver.has(id));
      if (isWhole) sound.set(nodeId, byReceiver);
      else refusals.push({ nodeId, reason: "Its shares are not for the other participants" });
    }
    this.#require(sound.size, "shared their secrets");
    this.#senders = new Set(sound.keys());
    const deliveries = [...sound.keys()].map((nodeId) => {
      const senders = [...sound].filter(([sender]) => sender !== nodeId);
      const received = senders.map(([sender, shares]) => ({
        nodeId: sender,
        ciphertext: shares.get(nodeId)!,
      }));
      return [nodeId, received] as const;
    });
    return { deliveries: new Map(deliveries), refusals };
  }

  /**
   * In "collect": adds a node's vector to the sum.
   *
   * @param bytes the vector's elements, little-endian
   * @throws FlwrError "invalid-argument" for another length, or a node from which none is expected; it then counts as
   *   lost
   */
  vectorReceived(nodeId: bigint, bytes: Uint8Array): void {
    if (!this.#senders.has(nodeId) || this.#survivors.has(nodeId)) {
      throw new FlwrError(
        "invalid-argument",
        `Got a masked vector of node ${nodeId}, from which none is expected`,
      );
    }
    const { bits, length } = this.#sum;
    this.#sum.add(RingVector.fromBytes(bits, length, bytes));
    this.#survivors.add(nodeId);
  }

  /** Before "agree": the nodes whose vectors are in the sum. @throws FlwrError "failed-precondition" for too few */
  survivors(): bigint[] {
    this.#require(this.#survivors.size, "sent their masked vectors");
    return [...this.#survivors].sort((a, b) => a < b ? -1 : 1);
  }

  /**
   * After "agree".
   *
   * @param signatures by node
   * @param instruction the hash of the training instruction of all nodes
   * @returns the genuine ones, which each node that signed is sent; and the nodes that signed something else
   * @throws FlwrError "failed-precondition" when they are too few
   */
  async agreed(
    signatures: ReadonlyMap<bigint, Uint8Array>,
    instruction: Uint8Array,
  ): Promise<{ signatures: ReadonlyMap<bigint, Uint8Array>; refusals: Refusal[] }> {
    const refusals: Refusal[] = [];
    this.#instruction = instruction;
    for (const [nodeId, signature] of signatures) {
      const key = this.#participants.get(nodeId)?.signingKey;
      const isGenuine = key !== undefined && this.#survivors.has(nodeId) &&
        await isSignedBy(this.#session!, instruction, this.#survivors, key, signature);
      if (isGenuine) this.#signatures.set(nodeId, signature);
      else {refusals.push({
          nodeId,
          reason: "It did not sign the survivors and the instruction of this round",
        });}
    }
    this.#require(this.#signatures.size, "signed the survivors");
    return { signatures: this.#signatures, refusals };
  }

  /**
   * After "reveal": removes the masks from the sum.
   *
   * @param revealed for each node that answered the shares that it gave, by owner
   * @returns the sum, and the shares that were left out
   * @throws FlwrError "failed-precondition" when shares are too few or inconsistent
   */
  async revealed(
    revealed: ReadonlyMap<bigint, ReadonlyMap<bigint, Uint8Array>>,
  ): Promise<{ sum: RingVector; wrongShares: WrongShare[] }> {
    const wrongShares: WrongShare[] = [];
    for (const owner of this.#senders) {
      const held: HeldShare[] = [];
      for (const [holder, shares] of revealed) {
        const share = shares.get(owner);
        if (share === undefined) continue;
        if (this.#isNumbered(share, holder)) held.push({ holder, share });
        else wrongShares.push({ owner, holder });
      }
      const survived = this.#survivors.has(owner);
      const { secret, wrongHolder } = await this.#recover(owner, held, survived);
      if (wrongHolder !== undefined) wrongShares.push({ owner, holder: wrongHolder });
      if (survived) await addMask(this.#sum, await selfMaskKey(this.#session!, secret, owner), -1);
      else await this.#removePairwiseMasks(owner, secret);
    }
    return { sum: this.#sum, wrongShares };
  }

  async #recover(owner: bigint, held: readonly HeldShare[], survived: boolean) {
    const { commitment, maskKey } = this.#participants.get(owner)!;
    try {
      return await recoverSecret(held, this.#settings.threshold, {
        isValid: survived
          ? async (seed) => sameBytes(await seedCommitment(seed), commitment)
          : (privateKey) => isX25519Pair({ publicKey: maskKey, privateKey }),
        isProof: true,
      });
    } catch (error) {
      const { code, message } = FlwrError.from(error);
      throw new FlwrError(
        code,
        `Secure aggregation: the masks of node ${owner} cannot be removed from the sum: ${message}`,
      );
    }
  }

  /** Removes the masks that the survivors have in common with a lost node. */
  async #removePairwiseMasks(lost: bigint, maskKey: Uint8Array): Promise<void> {
    const agreement = await X25519Agreement.of(maskKey);
    for (const survivor of this.#survivors) {
      const secret = await agreement.sharedSecret(this.#participants.get(survivor)!.maskKey);
      const key = await pairwiseMaskKey(this.#session!, this.#instruction, secret, lost, survivor);
      await addMask(this.#sum, key, survivor > lost ? -1 : 1);
    }
  }

  #isNumbered(share: Uint8Array, holder: bigint): boolean {
    try {
      return shareNumber(share) === this.#participants.get(holder)?.number;
    } catch {
      return false;
    }
  }

  #require(left: number, didWhat: string): void {
    const { threshold, participants } = this.#settings;
    if (left >= threshold) return;
    throw new FlwrError(
      "failed-precondition",
      `Secure aggregation: ${left} of ${participants} nodes ${didWhat}, expected at least ${threshold}`,
    );
  }
}
