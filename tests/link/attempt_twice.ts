import type { LinkStore } from "../../link/store/store.ts";

/**
 * Transactions of the store, each of them run twice: the first attempt is rolled back when it is done, as a store rolls one
 * back that is in conflict with another.
 */
export function attemptTwice(store: LinkStore): LinkStore["transaction"] {
  const transaction = store.transaction.bind(store);
  return async (durability, work, onCommit) => {
    const first = transaction(durability, async (tables) => {
      await work(tables);
      throw new Error("This attempt does not count");
    }, onCommit);
    // What the work itself throws, it throws again.
    await first.catch(() => {});
    return await transaction(durability, work, onCommit);
  };
}
