import type { RunState } from "../../entities/run.ts";

/**
 * Event that changes a run's state: a process claims it, loses the claim or begins it, the process ends before the run,
 * or the run ends.
 */
export type RunTrigger = "claim" | "release" | "begin" | "interrupt" | "complete" | "fail" | "stop";

const MOVES: Readonly<Record<RunState, Partial<Record<RunTrigger, RunState>>>> = {
  pending: { claim: "starting", fail: "finished:failed", stop: "finished:stopped" },
  starting: {
    release: "pending",
    begin: "running",
    fail: "finished:failed",
    stop: "finished:stopped",
  },
  running: {
    interrupt: "pending",
    complete: "finished:completed",
    fail: "finished:failed",
    stop: "finished:stopped",
  },
  "finished:completed": {},
  "finished:failed": {},
  "finished:stopped": {},
};

/** The state after an event, or undefined if the event is not legal in this state. */
export function nextRunState(state: RunState, event: RunTrigger): RunState | undefined {
  return MOVES[state][event];
}
