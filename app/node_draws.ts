import type { MakeAgain } from "../base/current_random.ts";
import { mixBits, seededRandom } from "../base/random.ts";
import type { Context } from "./context.ts";
import type { NodeId } from "../entities/metadata.ts";

/** Low bits of a node id that decide its draws. */
const LOW_BITS = 32;

/**
 * The sources of random numbers for values of a simulated node that may be made again at any time, as `perRun` does.
 * They depend on the node and not on the message, because the thread and the message in which a value is made depend on
 * the number of threads.
 *
 * @param seed the run's seed, any integer
 */
export function nodeDraws(seed: number, nodeId: NodeId): MakeAgain {
  const own = mixBits(mixBits(seed) ^ Number(BigInt.asUintN(LOW_BITS, nodeId)));
  return (isShared) => seededRandom(isShared ? mixBits(seed) : own);
}

/** Name of the setting with a run's seed. */
const SEED_SETTING = "seed";

/** The seed of a simulated run: its setting `seed`, if that is an integer, and otherwise 0. */
export function runSeed({ runConfig }: Pick<Context, "runConfig">): number {
  const seed = runConfig.get(SEED_SETTING);
  return typeof seed === "bigint" || Number.isSafeInteger(seed) ? Number(seed) : 0;
}
