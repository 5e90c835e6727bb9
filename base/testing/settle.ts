/** Lets what is ready to go on do so: one turn of the event loop. For tests, in the place of a sleep. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
