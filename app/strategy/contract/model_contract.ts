import { FlwrError } from "../../../base/error.ts";
import { checkPositive } from "../../../base/check_option.ts";
import { modelNormBound, normScratch } from "../arrays/update_norm.ts";
import type { Message } from "../../message.ts";
import type { PhaseRound } from "../round/round.ts";
import { checkReply, MAX_NUM_EXAMPLES } from "./reply_check.ts";
import type { CheckedReply, ReplyContract } from "./reply_contract.ts";
import { boundUpdate, type LargeUpdateAction } from "./update_bound.ts";

/**
 * Default limit of an update's norm. It is larger than the norm of any sound model, or of a sum that nodes may send
 * instead of a mean, and small enough for its square to be finite.
 */
export const MAX_UPDATE_NORM = 1e30;

/**
 * A contract's check in two steps: form and values. An aggregation reads all values once more, and may know from that
 * whether they are acceptable.
 */
export interface LateCheck {
  /** Checks all but the values of the arrays. @throws FlwrError as the contract's check */
  checkForm(reply: Message, round: PhaseRound): CheckedReply;
  /** Checks the values. Both steps together are the contract's check. @throws FlwrError as that */
  checkValues(reply: CheckedReply, round: PhaseRound): CheckedReply;
  /**
   * Whether `checkValues` accepts all replies whose elements are at most so large, unchanged.
   *
   * @param largest an absolute value; NaN and Infinity are never acceptable
   */
  acceptsUpTo(largest: number, round: PhaseRound): boolean;
}

/** By contract, so that one with a check of its own does not get it. */
const LATE = new WeakMap<ReplyContract, LateCheck>();

/** The two steps of a contract's check; undefined if its values must be checked first. */
export function lateCheckOf(contract: ReplyContract): LateCheck | undefined {
  return contract.check === ModelContract.prototype.check ? LATE.get(contract) : undefined;
}

/** Options of a {@link ModelContract}. */
export interface ModelContractOptions {
  /** Metric with the weight of a node's model and metrics (default "num-examples"). */
  readonly weightedByKey?: string;
  /** Largest accepted weight of a reply (default 10⁹). */
  readonly maxNumExamples?: number;
  /**
   * Largest accepted update: the Euclidean norm of the difference between a node's model and the model that it
   * received, over all arrays together, including counters. Above 0; Infinity disables the limit (default 10³⁰, which
   * no sound model reaches).
   */
  readonly maxUpdateNorm?: number;
  /**
   * Action for a larger update: "refuse" makes the reply a failure of its node, "clip" scales the update down to
   * `maxUpdateNorm` (default "refuse").
   */
  readonly largeUpdates?: LargeUpdateAction;
  /**
   * Whether to accept floating-point arrays of another width than those sent, and to convert them to the type sent. Use
   * it for float64 models whose nodes compute and reply in float32 (default false).
   */
  readonly convertFloats?: boolean;
  /**
   * The arrays of the model that a reply contains: "all"; "any" of them, at least one; or those whose names a predicate
   * accepts, exactly (default "all"). Arrays that no node sends do not change.
   */
  readonly arrays?: "all" | "any" | ((name: string) => boolean);
  /**
   * Name of the ArrayRecord with the model. Replies may then contain further ArrayRecords, which the strategy finds in
   * the reply's `content` and checks itself (default: the reply's only ArrayRecord, whatever its name).
   */
  readonly arrayrecordKey?: string;
}

/** The options of a {@link ModelContract} that accepts whole models, as plain data. */
export type PlainModelContract = Omit<ModelContractOptions, "arrays">;

/**
 * The contract of strategies whose nodes reply with a model: arrays with the names, shapes and types of those sent, all
 * finite, within a bound; finite metrics; and a weight among them, which is not negative.
 */
export class ModelContract implements ReplyContract {
  readonly #scratch = normScratch();
  readonly #options: Required<Omit<ModelContractOptions, "arrayrecordKey">> & ModelContractOptions;

  /**
   * Creates the contract.
   *
   * @throws FlwrError "invalid-argument" that names the option that is out of range
   */
  constructor(options: ModelContractOptions = {}) {
    this.#options = {
      ...options,
      weightedByKey: options.weightedByKey ?? "num-examples",
      maxNumExamples: options.maxNumExamples ?? MAX_NUM_EXAMPLES,
      maxUpdateNorm: options.maxUpdateNorm ?? MAX_UPDATE_NORM,
      largeUpdates: options.largeUpdates ?? "refuse",
      convertFloats: options.convertFloats ?? false,
      arrays: options.arrays ?? "all",
    };
    const { maxUpdateNorm, largeUpdates, arrays } = this.#options;
    if (maxUpdateNorm !== Infinity) checkPositive("maxUpdateNorm", maxUpdateNorm);
    if (!["refuse", "clip"].includes(largeUpdates)) {
      throw new FlwrError(
        "invalid-argument",
        `largeUpdates must be "refuse" or "clip": got "${largeUpdates}"`,
      );
    }
    if (typeof arrays !== "function" && !["all", "any"].includes(arrays)) {
      throw new FlwrError(
        "invalid-argument",
        `arrays must be "all", "any" or a function: got "${arrays}"`,
      );
    }
    // Only with a limit that the largest value usually shows to be kept: of a lower one, each norm is needed.
    if (maxUpdateNorm >= MAX_UPDATE_NORM && maxUpdateNorm < Infinity) {
      LATE.set(this, {
        checkForm: (reply, round) => this.#checkForm(reply, round),
        checkValues: (checked, round) => this.#checkValues(checked, round),
        acceptsUpTo: (largest, { sent }) => modelNormBound(sent, largest) <= maxUpdateNorm,
      });
    }
  }

  /** Checks a reply, and bounds its update. @throws FlwrError "invalid-argument" with the reason for a refusal */
  check(reply: Message, round: PhaseRound): CheckedReply {
    return this.#checkValues(this.#checkForm(reply, round), round);
  }

  /** A norm that is finite shows that all elements are, so that a reply is read once. */
  #checkForm(reply: Message, round: PhaseRound): CheckedReply {
    return checkReply(reply, {
      ...this.#options,
      sent: round.phase === "train" ? round.sent : undefined,
      finiteLater: this.#options.maxUpdateNorm !== Infinity,
    });
  }

  #checkValues(checked: CheckedReply, { phase, sent }: PhaseRound): CheckedReply {
    if (phase !== "train") return checked;
    const { maxUpdateNorm, largeUpdates } = this.#options;
    return boundUpdate(checked, sent, maxUpdateNorm, largeUpdates, this.#scratch);
  }

  /** The options as plain data; undefined if replies are not whole models, or a derived class checks them. */
  plain(): PlainModelContract | undefined {
    const { arrays, arrayrecordKey, weightedByKey, convertFloats, ...limits } = this.#options;
    if (arrays !== "all" || this.check !== ModelContract.prototype.check) return undefined;
    const { maxNumExamples, maxUpdateNorm, largeUpdates } = limits;
    return {
      ...(arrayrecordKey !== undefined && { arrayrecordKey }),
      weightedByKey,
      convertFloats,
      maxNumExamples,
      maxUpdateNorm,
      largeUpdates,
    };
  }
}
