/**
 * State of a push.
 *
 * - `open`: some of its messages wait for objects. The push keeps its objects in the store
 * - `settled`: each of its messages was accepted or refused. The push keeps no objects. It only remembers which objects
 *   it announced: a client that repeats an upload, because the response was lost, gets the same response
 */
export type PushState = "open" | "settled";

/** Event that changes a push's state: its last message was accepted or refused. A push ends when it is removed. */
export type PushTrigger = "settle";

const MOVES: Readonly<Record<PushState, Partial<Record<PushTrigger, PushState>>>> = {
  open: { settle: "settled" },
  settled: {},
};

/** The state after an event, or undefined if the event is not legal in this state. */
export function nextPushState(state: PushState, event: PushTrigger): PushState | undefined {
  return MOVES[state][event];
}
