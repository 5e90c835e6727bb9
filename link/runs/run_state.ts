/** Why a run ended (Flower's sub-statuses). */
export type RunOutcome = "completed" | "failed" | "stopped";

/** Where a run is in its life; `finished` carries how it ended. */
export type RunState = "pending" | "starting" | "running" | `finished:${RunOutcome}`;

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

/** Whether the run has ended, however it did. */
export function isFinished(state: RunState): boolean {
  return state.startsWith("finished:");
}

/** Whether messages of the run are taken. */
export function takesMessages(state: RunState): boolean {
  return state === "running";
}
