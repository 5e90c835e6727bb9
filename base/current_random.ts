import { AsyncVariable } from "./platform.ts";
import { type Random, systemRandom } from "./random.ts";

const current = new AsyncVariable<Random>();

/** Runs some work that draws its random numbers from a source, unless its options name another. @returns its result */
export function drawingFrom<Result>(random: Random, work: () => Result): Result {
  return current.run(random, work);
}

/**
 * The source of random numbers of the running work: that of the simulation, or the machine's. Not for keys and noise,
 * which always come from the machine.
 */
export function currentRandom(): Random {
  return current.get() ?? systemRandom;
}
