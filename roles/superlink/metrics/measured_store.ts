import { FlwrError } from "../../../base/error.ts";
import { type LinkStore, wrapStore } from "../../../link/store/store.ts";
import { NotSynced, type TransactionKind } from "../../../link/transactions/transactions.ts";

/** How a transaction ended: it may have been tried several times. */
export type TransactionOutcome = "ok" | "retried" | "failed";

/** Gets the transactions of a store. Must not throw. */
export interface TransactionObserver {
  began(): void;
  /** @param seconds with the wait for its turn and for the disk */
  ended(kind: TransactionKind, outcome: TransactionOutcome, seconds: number): void;
}

/** A store whose transactions are reported. */
export function measuredStore(store: LinkStore, observer: TransactionObserver): LinkStore {
  return wrapStore(store, {
    async transaction(kind, work, onCommit) {
      const begun = performance.now();
      let attempts = 0;
      let outcome: TransactionOutcome = "failed";
      observer.began();
      try {
        const result = await store.transaction(kind, (tables) => {
          attempts++;
          return work(tables);
        }, onCommit);
        outcome = attempts > 1 ? "retried" : "ok";
        return result;
      } catch (error) {
        // The work of a transaction refuses bad requests by throwing, which is no failure of the store.
        if (!(error instanceof NotSynced) && !isTrouble(error)) outcome = "ok";
        throw error;
      } finally {
        observer.ended(kind, outcome, (performance.now() - begun) / 1000);
      }
    },
  });
}

/** Whether an error tells of the store, as StoreTrouble decides it, or of a bug. */
function isTrouble(error: unknown): boolean {
  const { code } = FlwrError.from(error);
  return code === "unavailable" || code === "internal" || code === "data-loss";
}
