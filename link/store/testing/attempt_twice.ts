import type { LinkStore } from "../store.ts";

/**
 * Runs each transaction of the store twice. The first attempt is rolled back at its end, like a transaction that is in
 * conflict with another.
 */
export function attemptTwice(store: LinkStore): LinkStore["transaction"] {
  const transaction = store.transaction.bind(store);
  return async (kind, work, onCommit) => {
    const first = transaction(kind, async (tables) => {
      await work(tables);
      throw new Error("This attempt does not count");
    }, onCommit);
    // The second attempt throws an error of the work itself again.
    await first.catch(() => {});
    return await transaction(kind, work, onCommit);
  };
}
