import { FlwrError } from "../../base/error.ts";
import { checkNumber } from "./check_option.ts";

/** A learning rate of the server: the same in each round, or a function of the round, from 1. */
export type RateOfRound = number | ((round: number) => number);

/** Checks a rate before the first round. @throws FlwrError "invalid-argument" unless it is from 0, or a function */
export function checkRate(name: string, rate: RateOfRound): void {
  if (typeof rate === "function") return;
  if (typeof rate === "number") return checkNumber(name, rate, 0);
  throw new FlwrError(
    "invalid-argument",
    `${name} must be a number or a function of the round: got ${typeof rate}`,
  );
}

/** The rate of a round. @throws FlwrError "invalid-argument" when a function returns no number from 0 */
export function rateOf(name: string, rate: RateOfRound, round: number): number {
  const value: unknown = typeof rate === "function" ? rate(round) : rate;
  if (typeof value === "number" && value >= 0 && value < Infinity) return value;
  throw new FlwrError(
    "invalid-argument",
    `${name} returned ${value} for round ${round}, expected a number from 0`,
  );
}
