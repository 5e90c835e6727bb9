import type { ClientMod } from "../../client_mod.ts";
import type { Named } from "../../named_map.ts";
import type { RecordDict } from "../../record_dict.ts";
import type { ConfigInput } from "../../typed_value.ts";
import type { Aggregate } from "../aggregator/aggregator.ts";
import type { CheckedReply } from "../contract/reply_contract.ts";
import type { PhaseRound } from "../round/round.ts";

/** Kinds of postprocessors. */
export type PostprocessorKind =
  | "quantization"
  | "sparsification"
  | "noise"
  | "clipping"
  | "weighting";

/**
 * Changes updates on their way from the nodes: weighting, clipping, noise, sparsification, quantisation. It has a half
 * that works on
 * the nodes and a half that works in the ServerApp; each method is optional.
 *
 * A strategy applies its postprocessors to training only, the first one first. On the nodes, the first one is the
 * outermost, so it sees the reply last. Pass {@link clientMods} to the ClientApp's handler for training.
 *
 * @example
 * ```ts
 * // Every node counts the same.
 * const equalWeights: Postprocessor = { onReply: (reply) => ({ ...reply, weight: 1 }) };
 * ```
 */
export interface Postprocessor {
  /** Kind of the postprocessor, because of which others may refuse to work with it (default: unknown). */
  readonly kind?: PostprocessorKind;
  /**
   * Refuses a strategy in which it would not work as described.
   *
   * @param all the strategy's postprocessors, in order
   * @throws FlwrError "invalid-argument" when the strategy is created
   */
  check?(all: readonly Postprocessor[]): void;
  /** The nodes' half: wraps the ClientApp's handler for training. */
  readonly clientMod?: ClientMod;
  /** Entries for the config of the instructions, for the nodes' half. */
  config?(round: PhaseRound): Named<ConfigInput>;
  /**
   * Undoes the encoding of a reply's content, before the contract checks it.
   *
   * @throws FlwrError if the encoding is malformed; the reply then becomes a failure of its node
   */
  decode?(content: RecordDict, round: PhaseRound): RecordDict;
  /**
   * Changes an accepted reply before it is accumulated, without changing its arrays in place. Do not keep them: their
   * memory may be freed after the reply.
   *
   * @throws FlwrError to refuse the reply
   */
  onReply?(reply: CheckedReply, round: PhaseRound): CheckedReply;
  /**
   * Changes the aggregate before the server rule. It may be called again in the same round, with fewer replies. Copy the
   * arrays if you keep them: the server rule may compute the new model in their memory.
   */
  onAggregate?(aggregate: Aggregate, round: PhaseRound): Aggregate;
}

/** The nodes' halves of postprocessors, in the order in which a ClientApp must apply them to training. */
export function clientMods(postprocessors: readonly Postprocessor[]): ClientMod[] {
  // The first one decodes first, so it encodes last: it is the outermost.
  return postprocessors.map(({ clientMod }) => clientMod).filter((mod) => mod !== undefined);
}
