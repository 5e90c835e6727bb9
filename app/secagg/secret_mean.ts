import { FlwrError } from "../../base/error.ts";
import { type MessageError, MessageErrorCode, type NodeId } from "../../entities/metadata.ts";
import type { Message } from "../message.ts";
import type { RecordDictInit } from "../record_dict.ts";
import type { Round, Strategy, TrainOutcome } from "../strategy/strategy.ts";

/** Why a node does not count: without a code, its reply was refused here. */
export type NodeFailure = Partial<MessageError> & { readonly reason: string };

/**
 * Checks that a strategy can work with the mean of the nodes' models alone.
 *
 * @param wrapper name of the class that computes only the mean
 * @throws FlwrError "invalid-argument" for a strategy that needs more
 */
export function requireMeanOnly(wrapper: string, strategy: Strategy): void {
  if (strategy.usesMeanOnly) return;
  throw new FlwrError(
    "invalid-argument",
    `${wrapper} cannot be used with ${strategy.name}, which needs more than the mean of the nodes' models in each ` +
      "round: only their mean is known",
    {
      hints: [
        "Use FedAvg, FedProx, FedAvgM, FedAdagrad, FedAdam or FedYogi",
        "If your own strategy needs only the mean, state that with usesMeanOnly",
      ],
    },
  );
}

/**
 * The outcome of a round whose protocol found no mean, with a line in the log.
 *
 * @param failures of the nodes, in any order
 * @throws the error if it is not a "failed-precondition", which the protocol throws when too few nodes are left
 */
export function withoutMean(
  round: Round,
  failures: ReadonlyMap<NodeId, NodeFailure>,
  error: unknown,
): TrainOutcome {
  if (!(error instanceof FlwrError) || error.code !== "failed-precondition") throw error;
  round.grid.report({ type: "note", text: `    ${error.message}: this round has no new model` });
  // The order in which the nodes failed does not show in the history.
  const sorted = [...failures].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([nodeId, failure]) => ({ nodeId, ...failure }));
  return { results: [], failures: sorted, aggregated: false };
}

/** What a protocol knows of a round's nodes once it has their mean. */
export interface MeanOfNodes {
  /** The training instruction of each node. */
  readonly instructions: ReadonlyMap<NodeId, Message>;
  /** The reply of each node whose model is in the mean: it has the mean as its model. */
  readonly replies: ReadonlyMap<NodeId, RecordDictInit>;
  /** Why the other nodes do not count. */
  readonly failures: ReadonlyMap<NodeId, NodeFailure>;
  /** Reason for a node that has neither a reply nor a failure. */
  readonly leftOut: string;
}

/**
 * Gives a mean to a strategy, as the reply of every node whose model is in it.
 *
 * @returns the strategy's outcome, with the nodes' failures as the protocol knows them
 * @throws the strategy's own errors: they end the run as they do without secure aggregation
 */
export async function aggregateMean(
  round: Round,
  strategy: Strategy,
  { instructions, replies, failures, leftOut }: MeanOfNodes,
): Promise<TrainOutcome> {
  const { clock } = round.grid;
  const messages = [...instructions].map(([nodeId, instruction]) => {
    const content = replies.get(nodeId);
    if (content !== undefined) return instruction.reply(content, { clock });
    const { code = MessageErrorCode.ReplyUnavailable, reason } = failures.get(nodeId) ??
      { reason: leftOut };
    return instruction.replyError(code, reason, { clock });
  });
  const outcome = await strategy.aggregateTrain(round, messages);
  const asTheyWere = outcome.failures.map((failure) => {
    const { nodeId } = failure;
    return replies.has(nodeId) ? failure : { nodeId, ...failures.get(nodeId) ?? failure };
  });
  return { ...outcome, failures: asTheyWere };
}
