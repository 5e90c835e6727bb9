import { setImmediate } from "node:timers";

/** Resolves in the next turn of the event loop: what waits for this thread (timers, sockets) comes first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
