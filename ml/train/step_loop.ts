import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Engine, Run } from "../session/engine.ts";
import { SLICES_IN_FLIGHT } from "./limits.ts";
import type { SliceLength } from "./slices.ts";

/** Steps that are run in slices. */
export interface StepLoop {
  readonly engine: Engine;
  readonly clock: Clock;
  /** How long the slices are; learns as the loop goes. */
  readonly length: SliceLength;
  /** Steps in all. */
  readonly steps: number;
  readonly signal?: AbortSignal;
  /** The run of steps from … from + count − 1. */
  run(from: number, count: number): Run;
  /** Takes what a run returned, in order; answers whether to go on. */
  onSlice(from: number, count: number, results: readonly Tensor[]): boolean;
}

interface Flight {
  readonly from: number;
  readonly count: number;
  readonly results: Promise<Tensor[]>;
}

/**
 * Runs all steps, a few slices ahead of what is known, so that the engine never waits for this side.
 *
 * @returns the number of steps whose results were taken: fewer than all when `onSlice` stopped the loop
 * @throws FlwrError "cancelled" when the signal is aborted, after the slices under way have ended
 */
export async function runSteps(loop: StepLoop): Promise<number> {
  const flights: Flight[] = [];
  let launched = 0;
  let taken = 0;
  let last = loop.clock.now();
  let going = true;
  try {
    for (;;) {
      while (going && launched < loop.steps && flights.length < SLICES_IN_FLIGHT) {
        throwIfCancelled(loop.signal);
        const count = Math.min(loop.length.steps, loop.steps - launched);
        const results = loop.engine.run(loop.run(launched, count));
        results.catch(() => {}); // Seen when its turn comes; the loop may end before that.
        flights.push({ from: launched, count, results });
        launched += count;
      }
      const flight = flights.shift();
      if (flight === undefined) return taken;
      const results = await flight.results;
      const now = loop.clock.now();
      loop.length.observe(flight.count, now - last);
      last = now;
      throwIfCancelled(loop.signal);
      if (!going) continue;
      taken += flight.count;
      going = loop.onSlice(flight.from, flight.count, results);
    }
  } finally {
    await Promise.allSettled(flights.map(({ results }) => results));
  }
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new FlwrError("cancelled", "Training was cancelled", { cause: signal.reason });
  }
}
