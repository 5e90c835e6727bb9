/**
 * Where a push of messages is in its life.
 *
 * - `open`: messages of it wait for objects, which it keeps in the store
 * - `settled`: all its messages count or were refused. It keeps nothing, and only knows which objects it announced,
 *   so that one pushed again, because the answer was lost, is answered as before
 */
export type PushState = "open" | "settled";

/** What can happen to a push: the last of its messages is dealt with. Its end is its removal. */
export type PushTrigger = "settle";

const MOVES: Readonly<Record<PushState, Partial<Record<PushTrigger, PushState>>>> = {
  open: { settle: "settled" },
  settled: {},
};

/** The state after the event; undefined where the event is not legal. */
export function nextPushState(state: PushState, event: PushTrigger): PushState | undefined {
  return MOVES[state][event];
}
