import { FlwrError } from "../../base/error.ts";
import type { LinkStore } from "../../link/store/store.ts";
import type { SignalListener } from "../../link/transactions/signals.ts";

/** What a SuperLink cannot reach. */
export interface Cuts {
  /** Whether it cannot reach the store. */
  readonly isCutOff: () => boolean;
  /** Whether its wake-ups are lost. */
  readonly isDeaf: () => boolean;
  /** Its transactions wait here for their turn. */
  readonly stall?: Stall;
  /** Gets the listeners that connect. */
  readonly onListener?: (listener: SignalListener) => void;
}

/** A shared store as a SuperLink reaches it that can lose it. */
export function cuttable(
  store: LinkStore,
  { isCutOff, isDeaf, stall, onListener }: Cuts,
): LinkStore {
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
    async transaction(kind, work, onCommit) {
      await stall?.turn();
      if (isCutOff()) throw new FlwrError("unavailable", "cut off");
      return await store.transaction(kind, work, onCommit);
    },
  };
}

/** Holds up transactions, as another program does that holds the lock of the database. */
export class Stall {
  #isHeld = false;
  #waiting: (() => void)[] = [];

  /** Begins to hold up transactions. */
  begin(): void {
    this.#isHeld = true;
  }

  /** Lets the first `count` waiting transactions run, in the order of the calls; default: all, and later ones. */
  end(count = Infinity): void {
    if (count === Infinity) this.#isHeld = false;
    for (const run of this.#waiting.splice(0, count)) run();
  }

  /** Resolves when it is the turn of a transaction. */
  turn(): Promise<void> {
    if (!this.#isHeld) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }
}
