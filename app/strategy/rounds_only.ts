import { FlwrError } from "../../base/error.ts";
import { Strategy } from "./strategy.ts";

/**
 * Refuses what is no strategy, and a strategy with a `start` of its own inside a wrapper. The wrapper runs the rounds itself, and would leave that
 * `start` out: FedBuff would wait for all nodes in each round.
 *
 * @param wrapper the wrapper's name
 * @throws FlwrError "invalid-argument" that says what is wrong
 */
export function requireRounds(wrapper: string, strategy: Strategy): void {
  if (typeof strategy?.configureTrain !== "function") {
    throw new FlwrError("invalid-argument", "The first argument must be the strategy to wrap");
  }
  if (strategy.start === Strategy.prototype.start) return;
  throw new FlwrError(
    "invalid-argument",
    `${wrapper} cannot be used with ${strategy.name}, which has a start of its own: ${wrapper} runs the rounds`,
    { hints: ["Use a strategy that runs in rounds, such as FedAvg"] },
  );
}
