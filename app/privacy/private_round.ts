import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { Message } from "../message.ts";
import type { CheckedReply } from "../strategy/contract/reply_contract.ts";
import { phaseOf, type PhaseRound, type Round, type Tensors } from "../strategy/round/round.ts";
import type { Strategy } from "../strategy/strategy.ts";
import type { CentralDpSettings } from "./central_dp.ts";
import { KnownReplies } from "./known_replies.ts";
import { normBitOf } from "./norm_bits.ts";
import type { NoiseSource } from "./noise_source.ts";
import { PrivateMean } from "./private_mean.ts";
import { clippingTolerance } from "./tolerance.ts";

/** The release of a round. */
export interface Released {
  /** The private mean. */
  readonly model: Tensors;
  /** Number of updates in the mean. */
  readonly count: number;
  /** Number of those that were larger than the clipping norm. */
  readonly clipped: number;
}

/** The training of a round: replies are added one after another, in any order, and then released together. */
export class PrivateRound {
  /** The replies for the inner strategy. */
  readonly replies = new KnownReplies();
  readonly #round: PhaseRound;
  readonly #inner: Strategy;
  readonly #settings: CentralDpSettings;
  readonly #mean: PrivateMean;
  /** Returns the reason why an update counts as not clipped. */
  readonly #unclipped: ((trained: Tensors) => string | undefined) | undefined;
  /** The nodes whose updates are in the sum. */
  readonly #nodeIds: NodeId[] = [];
  #clipped = 0;

  constructor(round: Round, inner: Strategy, settings: CentralDpSettings) {
    const { norm, side, unclippedUpdates, numSampledClients: divisor } = settings;
    const { current: clippingNorm, noiseMultiplier } = norm;
    this.#round = phaseOf(round, "train");
    this.#inner = inner;
    this.#settings = settings;
    const { sent } = this.#round;
    this.#mean = new PrivateMean(sent, { clippingNorm, noiseMultiplier, divisor });
    if (side === "client" && unclippedUpdates === "refuse") {
      this.#unclipped = clippingTolerance(sent, clippingNorm);
    }
  }

  /** Adds a reply, or an error in place of one. */
  add(message: Message): void {
    // Each node contributes once, even if the strategy collects several of its replies.
    if (this.replies.isKnown(message.metadata.srcNodeId)) return;
    if (message.error !== undefined) return this.replies.keep(message);
    let reply: CheckedReply;
    let bit: boolean | undefined;
    try {
      this.#settings.runNoise?.checkReply(message.metadata.srcNodeId);
      reply = this.#inner.checkTrain(this.#round, message);
      bit = this.#check(reply);
    } catch (error) {
      return this.replies.refuse(message, error);
    }
    this.replies.count(message, reply);
    // A reply without examples is left out, as FedAvg does. This depends only on the reply itself.
    if (reply.weight === 0) return;
    const { weightCap, norm } = this.#settings;
    const weight = weightCap === undefined ? 1 : Math.min(1, reply.weight / weightCap);
    const before = this.#mean.add(reply.tensors, weight);
    this.#nodeIds.push(message.metadata.srcNodeId);
    if (bit ?? before > norm.current) this.#clipped++;
  }

  /** Adds the noise. Call it once. @returns undefined if no reply can be used, so nothing is released */
  release(noise: NoiseSource): Released | undefined {
    const count = this.#nodeIds.length;
    if (count === 0) return undefined;
    const { runNoise } = this.#settings;
    const model = runNoise === undefined
      ? this.#mean.release(noise)
      : this.#mean.releaseBy((sum, deviation) => runNoise.release(sum, this.#nodeIds, deviation));
    return { model, count, clipped: this.#clipped };
  }

  /**
   * Whether the node reports that it has clipped. Undefined if the round does not ask for that. @throws FlwrError to
   * refuse the reply
   */
  #check({ metrics, content, tensors }: CheckedReply): boolean | undefined {
    const { side, adaptive } = this.#settings;
    const bit = side === "client" && adaptive ? normBitOf(metrics, content) : undefined;
    const reason = typeof bit === "object" ? bit.reason : this.#unclipped?.(tensors);
    if (reason !== undefined) throw new FlwrError("invalid-argument", reason);
    return bit as boolean | undefined;
  }
}
