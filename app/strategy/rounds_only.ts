import { FlwrError } from "../../base/error.ts";
import { Strategy } from "./strategy.ts";

/**
 * Checks that a wrapper can run the rounds of a strategy. A wrapper never calls the strategy's own `start`, so FedBuff
 * inside it would wait for all nodes in each round.
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
    `${wrapper} cannot be used with ${strategy.name}, which overrides start: ${wrapper} runs the rounds itself`,
    { hints: ["Use a strategy that runs in rounds, such as FedAvg"] },
  );
}
