import { FlwrError } from "../../base/error.ts";
import { MessageErrorCode, type NodeId } from "../../entities/metadata.ts";
import { Message } from "../message.ts";
import type { TrainOutcome } from "./strategy.ts";

/**
 * Aggregates replies after a strategy's own check of each, which comes before the checks that all strategies share.
 *
 * @param check returns the reply to use instead, possibly the same; throws a FlwrError to reject it
 * @param aggregate gets the replies in their order, a rejected one as an error of its node
 * @returns the aggregate; a rejected reply is a failure without a code, as from the shared checks
 */
export function aggregateChecked(
  replies: readonly Message[],
  check: (reply: Message) => Message,
  aggregate: (replies: readonly Message[]) => TrainOutcome,
): TrainOutcome {
  const rejected = new Set<NodeId>();
  const outcome = aggregate(replies.map((reply) => {
    if (reply.error !== undefined) return reply;
    try {
      return check(reply);
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      rejected.add(reply.metadata.srcNodeId);
      const reason = `Reply rejected: ${error.message}`;
      return new Message(reply.metadata, { code: MessageErrorCode.Unknown, reason });
    }
  }));
  const failures = outcome.failures.map((failure) =>
    rejected.has(failure.nodeId) ? { nodeId: failure.nodeId, reason: failure.reason } : failure
  );
  return { ...outcome, failures };
}

/**
 * A number from a reply's only MetricRecord.
 *
 * @throws FlwrError "invalid-argument" when it is missing, a list, or not from `min` to `max`
 */
export function metricOf(
  reply: Message,
  key: string,
  { min = -Infinity, max = Infinity }: { readonly min?: number; readonly max?: number } = {},
): number {
  const refuse = (problem: string) =>
    new FlwrError("invalid-argument", `Metric "${key}" ${problem}`);
  const [metrics] = reply.content.metricRecords.values();
  const value = metrics?.get(key);
  if (value === undefined) throw refuse("is missing");
  if (Array.isArray(value)) throw refuse("is a list, expected a number");
  const number = Number(value);
  if (number >= min && number <= max && Number.isFinite(number)) return number;
  throw refuse(`is ${value}, expected ${min} to ${max}`);
}
