import { FlwrError } from "../../base/error.ts";
import { formatBytes } from "../../base/readable.ts";
import { MAX_HISTORY_BYTES } from "../../base/history_file.ts";
import type { RunHistory, StrategyHistory } from "./run_history.ts";

/** The bytes of a history file. */
export interface EncodedHistory {
  readonly bytes: Uint8Array;
  /** One sentence for the run's log if rounds are left out; otherwise undefined. */
  readonly note: string | undefined;
}

/**
 * Encodes a history as JSON. If it would be too large, it keeps every 2nd, 4th, 8th … round of each strategy, and the
 * last. The summaries of the metrics are over all rounds in any case.
 *
 * @param maxBytes most bytes of the file
 * @throws FlwrError "resource-exhausted" if the history is too large without any round
 */
export function encodeHistory(
  history: RunHistory,
  maxBytes: number = MAX_HISTORY_BYTES,
): EncodedHistory {
  // Each round is written by itself first: all rounds at once can be longer than the longest text of V8.
  const sizes = history.strategies.map(({ rounds }) => rounds.map((round) => sizeOf(round) + 1));
  const sizeWith = (step: number) =>
    sizes.flatMap((of) => of.filter((_, index) => isKept(index, of.length, step)))
      .reduce((sum, size) => sum + size, 0);
  const rest = sizeOf({ ...history, strategies: history.strategies.map((one) => thin(one, 0)) });
  const longest = Math.max(0, ...sizes.map(({ length }) => length));
  let step = 1;
  while (rest + sizeWith(step) >= maxBytes && step < longest) step *= 2;
  if (rest + sizeWith(step) >= maxBytes) step = 0;
  if (rest >= maxBytes) {
    throw new FlwrError(
      "resource-exhausted",
      `The run's history takes ${formatBytes(rest)} without its rounds, but may have at most ` +
        formatBytes(maxBytes),
      { hints: ["Return fewer metrics"] },
    );
  }
  const kept = { ...history, strategies: history.strategies.map((one) => thin(one, step)) };
  const bytes = new TextEncoder().encode(`${JSON.stringify(kept)}\n`);
  const limit = `the file may have at most ${formatBytes(maxBytes)}`;
  const which = step === 0 ? "no rounds" : `one round in ${step} and the last`;
  return { bytes, note: step === 1 ? undefined : `has ${which}, because ${limit}` };
}

/** Bytes that a value takes as JSON. */
function sizeOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** Whether a round is kept. @param step 0 keeps none */
function isKept(index: number, length: number, step: number): boolean {
  return step > 0 && (index % step === 0 || index === length - 1);
}

function thin(strategy: StrategyHistory, step: number): StrategyHistory {
  const { rounds } = strategy;
  const kept = rounds.filter((_, index) => isKept(index, rounds.length, step));
  if (kept.length === rounds.length) return strategy;
  return { ...strategy, rounds: kept, "omitted-rounds": rounds.length - kept.length };
}
