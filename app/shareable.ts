const shareable = new WeakSet<object>();

/**
 * Marks an error whose message may leave a node, because it describes the app's code and contains none of the node's
 * data.
 *
 * @returns the error
 */
export function asShareable<E extends Error>(error: E): E {
  shareable.add(error);
  return error;
}

/** Whether an error was marked by {@link asShareable}. */
export function isShareable(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && shareable.has(thrown);
}
