/** Waits for one turn of the event loop, so that everything that is ready can run. For tests, instead of a sleep. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
