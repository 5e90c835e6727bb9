import { checkNumber } from "../../../base/check_option.ts";

/**
 * A learning rate: the same in each round, or a schedule, which is a function of the round, from 1.
 *
 * @example
 * ```ts
 * adamRule({ eta: (round) => 0.1 / Math.sqrt(round) });
 * ```
 */
export type LearningRate = number | ((round: number) => number);

/**
 * The learning rate as a function of the round.
 *
 * @param name of the option
 * @throws FlwrError "invalid-argument" unless it is a number from 0. A schedule is checked when its round comes
 */
export function rateIn(name: string, rate: LearningRate): (round: number) => number {
  if (typeof rate === "number") {
    checkNumber(name, rate, 0);
    return () => rate;
  }
  return (round) => {
    const value = rate(round);
    checkNumber(`${name} of round ${round}`, value, 0);
    return value;
  };
}
