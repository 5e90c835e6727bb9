import type { RunId } from "../../../../entities/metadata.ts";
import { WOKEN } from "../../../../base/clock.ts";

/**
 * Most nodes that learn of a run when it begins. With more, a strategy usually asks a small share of them, and the others
 * would fetch the app in vain.
 */
export const MAX_TOLD_NODES = 64;

/** Tells the nodes whose pulls are held that a run has begun, so that they prepare its app while its ServerApp starts. */
export class BegunRuns {
  readonly #listeners = new Set<BegunRun>();

  /** Listens for the next run. Dispose of the listener when the pull ends. */
  listen(): BegunRun {
    const listener = new BegunRun(() => this.#listeners.delete(listener));
    this.#listeners.add(listener);
    return listener;
  }

  /** Reports a run whose app the nodes will get. */
  report(runId: RunId): void {
    if (this.#listeners.size > MAX_TOLD_NODES) return;
    for (const listener of [...this.#listeners]) listener.hear(runId);
  }
}

/** Listener of one pull. */
export class BegunRun implements Disposable {
  readonly #heard = new AbortController();
  readonly #close: () => void;
  #runId: RunId | undefined;

  constructor(close: () => void) {
    this.#close = close;
  }

  /** Aborted when a run has begun. */
  get signal(): AbortSignal {
    return this.#heard.signal;
  }

  /** The run that has begun. Undefined if none has. */
  get runId(): RunId | undefined {
    return this.#runId;
  }

  /** Records the first run. */
  hear(runId: RunId): void {
    this.#runId ??= runId;
    this.#heard.abort(WOKEN);
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}
