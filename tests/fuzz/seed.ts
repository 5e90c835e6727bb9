import { NIGHTLY } from "../support/nightly.ts";

/** The daily seed: a change that breaks something fails today, and a run that failed can be repeated as it was. */
const DAILY = 20_260_101;

/**
 * The seed of a fuzzer's run: `FUZZ_SEED` repeats a run, otherwise a nightly run has a random one and a daily run always
 * the same.
 *
 * @throws RangeError when FUZZ_SEED is not a 32-bit integer
 */
export function fuzzSeed(
  asked: string | undefined = Deno.env.get("FUZZ_SEED"),
  nightly: boolean = NIGHTLY,
): number {
  if (asked === undefined) return nightly ? crypto.getRandomValues(new Int32Array(1))[0]! : DAILY;
  const seed = Number(asked);
  if (asked.trim() === "" || seed !== (seed | 0)) {
    throw new RangeError(`FUZZ_SEED must be an integer of 32 bits, got "${asked}"`);
  }
  return seed;
}
