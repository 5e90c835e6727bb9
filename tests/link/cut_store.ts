import { FlwrError } from "../../base/error.ts";
import type { LinkStore } from "../../link/store/store.ts";
import type { SignalListener } from "../../link/transactions/signals.ts";

/** What a SuperLink cannot reach. */
export interface Cuts {
  /** Whether it cannot reach the store. */
  readonly isCutOff: () => boolean;
  /** Whether its wake-ups are lost. */
  readonly isDeaf: () => boolean;
  /** Gets the listeners that connect. */
  readonly onListener?: (listener: SignalListener) => void;
}

/** A shared store as a SuperLink reaches it that can lose it. */
export function cuttable(store: LinkStore, { isCutOff, isDeaf, onListener }: Cuts): LinkStore {
  return {
    ...store,
    signals: {
      connect(listener) {
        onListener?.(listener);
        const line = store.signals.connect(listener);
        // As a subscription that is established already.
        listener.lost();
        return {
          publish: (topics) => isDeaf() || line.publish(topics),
          [Symbol.dispose]: () => line[Symbol.dispose](),
        };
      },
    },
    transaction: (durability, work, onCommit) =>
      isCutOff()
        ? Promise.reject(new FlwrError("unavailable", "cut off"))
        : store.transaction(durability, work, onCommit),
  };
}
