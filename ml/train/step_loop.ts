import type { Tensor } from "../../tensor/tensor.ts";
import type { Engine, Run, RunResult } from "../engine/engine.ts";
import { throwIfCancelled, unlessCancelled } from "./cancellation.ts";
import type { SliceLength } from "./slices.ts";

/** Steps to run in slices. */
export interface StepLoop {
  readonly engine: Engine;
  /** Determines the number of steps per slice. */
  readonly length: Pick<SliceLength, "steps" | "inFlight" | "observe">;
  /** Number of steps. */
  readonly steps: number;
  readonly signal?: AbortSignal;
  /** The run of the steps from `from` to `from` + `count` − 1. */
  run(from: number, count: number): Run;
  /**
   * Prepares inputs while the runs that were sent compute.
   *
   * @param next the first step that was not sent
   */
  prepare?(next: number): void;
  /**
   * Receives the results of a run, in order, and returns whether to continue. Slices that are already running are still
   * passed to it.
   */
  onSlice(from: number, count: number, results: readonly Tensor[]): boolean;
}

interface Flight {
  readonly from: number;
  readonly count: number;
  readonly result: Promise<RunResult>;
}

/**
 * Runs all steps. It sends slices ahead, so that the engine never waits for this thread.
 *
 * @returns the number of steps that were run: fewer than all if `onSlice` stopped the loop
 * @throws FlwrError "cancelled" at once when the signal is aborted; running slices end by themselves
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
      result.catch(() => {}); // Awaited later, unless the loop ends before.
      flights.push({ from: launched, count, result });
      launched += count;
    }
    const flight = flights.shift();
    if (flight === undefined) return launched;
    // Later, so that the call is sent before.
    const preparing = going && setTimeout(() => loop.prepare?.(launched));
    const { returned, seconds } = await unlessCancelled(flight.result, signal)
      .finally(() => preparing && clearTimeout(preparing));
    length.observe(flight.count, seconds);
    // Steps that were sent ahead when the loop stopped have changed the parameters, so they count.
    going = loop.onSlice(flight.from, flight.count, returned) && going;
  }
}
