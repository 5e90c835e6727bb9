import { FlwrError } from "../../../base/error.ts";
import type { Message } from "../../message.ts";
import type { PhaseRound } from "../round/round.ts";
import type { ReplyContract } from "./reply_contract.ts";

/**
 * A contract that first makes a strategy's own check of each reply to training.
 *
 * @param contract the contract that checks afterwards, and alone checks replies to evaluation
 * @param check throws a FlwrError to refuse the reply
 */
export function checkedFirst(
  contract: ReplyContract,
  check: (reply: Message, round: PhaseRound) => void,
): ReplyContract {
  return {
    check(reply, round) {
      if (round.phase === "train") check(reply, round);
      return contract.check(reply, round);
    },
  };
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
