import { AsyncVariable } from "./platform.ts";
import { type Random, systemRandom } from "./random.ts";

/** Makes a source that starts anew each time. @param isShared whether all nodes of a simulation get the same one */
export type MakeAgain = (isShared: boolean) => Random;

/** What some work draws its random numbers from. */
interface Source {
  readonly random: Random;
  /** Makes a source for a value that may be made again at any time, and must then be the same. */
  readonly again: MakeAgain | undefined;
}

const current = new AsyncVariable<Source>();

/**
 * Runs some work that draws its random numbers from a source, unless its options name another.
 *
 * @param again makes a source that starts anew each time, for {@link drawingAgain} (default: the source itself is used)
 * @returns the work's result
 */
export function drawingFrom<Result>(
  random: Random,
  work: () => Result,
  again?: MakeAgain,
): Result {
  return current.run({ random, again }, work);
}

/**
 * Runs some work whose result may be made again at any time: in a simulation, its random numbers are then the same.
 *
 * @param isShared whether the result is the same for all nodes
 * @returns its result
 */
export function drawingAgain<Result>(isShared: boolean, work: () => Result): Result {
  const again = current.get()?.again;
  return again === undefined ? work() : current.run({ random: again(isShared), again }, work);
}

/**
 * The source of random numbers of the running work: that of the simulation, or the machine's. Not for keys and noise,
 * which always come from the machine.
 */
export function currentRandom(): Random {
  return givenRandom() ?? systemRandom;
}

/** The source that {@link drawingFrom} gave the running work; undefined outside of it. */
export function givenRandom(): Random | undefined {
  return current.get()?.random;
}
