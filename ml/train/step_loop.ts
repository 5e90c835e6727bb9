import type { Tensor } from "../../tensor/tensor.ts";
import type { Engine, Run, RunResult } from "../engine/engine.ts";
import { throwIfCancelled, unlessCancelled } from "./cancellation.ts";
import type { SliceLength } from "./slices.ts";

/** Steps that are run in slices. */
export interface StepLoop {
  readonly engine: Engine;
  /** How long the slices are; learns as the loop goes. */
  readonly length: SliceLength;
  /** Steps in all. */
  readonly steps: number;
  readonly signal?: AbortSignal;
  /** The run of steps from … from + count − 1. */
  run(from: number, count: number): Run;
  /** Takes what a run returned, in order; answers whether to go on. Steps that are under way then are taken still. */
  onSlice(from: number, count: number, results: readonly Tensor[]): boolean;
}

interface Flight {
  readonly from: number;
  readonly count: number;
  readonly result: Promise<RunResult>;
}

/**
 * Runs all steps, a slice ahead of what is known, so that the engine never waits for this side.
 *
 * @returns the number of steps that were run: fewer than all when `onSlice` stopped the loop
 * @throws FlwrError "cancelled" at once when the signal is aborted; what is under way ends by itself
 */
export async function runSteps(loop: StepLoop): Promise<number> {
  const { engine, length, steps, signal } = loop;
  const flights: Flight[] = [];
  let launched = 0;
  let going = true;
  for (;;) {
    while (going && launched < steps && flights.length < length.inFlight) {
      throwIfCancelled(signal);
      const count = Math.min(length.steps, steps - launched);
      const result = engine.run(loop.run(launched, count));
      result.catch(() => {}); // Seen when its turn comes; the loop may end before that.
      flights.push({ from: launched, count, result });
      launched += count;
    }
    const flight = flights.shift();
    if (flight === undefined) return launched;
    const { returned, seconds } = await unlessCancelled(flight.result, signal);
    length.observe(flight.count, seconds);
    // Steps that were ahead when the loop was stopped have changed the parameters: they count.
    going = loop.onSlice(flight.from, flight.count, returned) && going;
  }
}
