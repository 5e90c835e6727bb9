import type { RunState } from "../../entities/run.ts";

/** What can happen to a run: a process claims it, loses the claim, begins, or it ends in one of three ways. */
export type RunTrigger = "claim" | "release" | "begin" | "complete" | "fail" | "stop";

const MOVES: Readonly<Record<RunState, Partial<Record<RunTrigger, RunState>>>> = {
  pending: { claim: "starting", fail: "finished:failed", stop: "finished:stopped" },
  starting: {
    release: "pending",
    begin: "running",
    fail: "finished:failed",
    stop: "finished:stopped",
  },
  running: {
    complete: "finished:completed",
    fail: "finished:failed",
    stop: "finished:stopped",
  },
  "finished:completed": {},
  "finished:failed": {},
  "finished:stopped": {},
};

/** The state after the event; undefined where the event is not legal. */
export function nextRunState(state: RunState, event: RunTrigger): RunState | undefined {
  return MOVES[state][event];
}
