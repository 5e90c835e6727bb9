const shareable = new WeakSet<object>();

/**
 * Marks an error whose sentence may leave a node: it says how an app is made and nothing of the node's data.
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
