/** Resolves in a later turn of the event loop: what waits for this thread (timers, sockets) comes first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
