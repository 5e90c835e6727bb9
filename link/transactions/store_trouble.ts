import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";

/** Seconds between two reports of a store that goes on failing. */
const REPORT_SECONDS = 60;
/** Seconds after a failure in which silence proves nothing: heartbeats could not be written. */
const GRACE_SECONDS = 60;

/** What the store itself reports. */
export type StoreEvent =
  /** The store cannot write for now, as when the disk is full. Reported once a minute while it lasts. */
  | { readonly kind: "store-failed"; readonly error: FlwrError }
  /** The store writes again. */
  | { readonly kind: "store-recovered" };

/** Reports that the store cannot write now, as when the disk is full, once a minute, and that it can again. */
export class StoreTrouble {
  readonly #clock: Clock;
  readonly #onEvent: (event: StoreEvent) => void;
  #reportedAt: number | undefined;
  #failedAt = -Infinity;

  constructor(clock: Clock, onEvent: (event: StoreEvent) => void) {
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  /** Until when nodes and runs are not taken for dead because they were silent; Unix seconds. */
  get graceUntil(): number {
    return this.#failedAt + GRACE_SECONDS;
  }

  /** A transaction failed. Only an error that passes by itself is a trouble of the store. */
  failed(error: unknown): void {
    if (!(error instanceof FlwrError) || error.code !== "unavailable") return;
    const now = this.#clock.now();
    this.#failedAt = now;
    if (this.#reportedAt !== undefined && now - this.#reportedAt < REPORT_SECONDS) return;
    this.#reportedAt = now;
    this.#onEvent({ kind: "store-failed", error });
  }

  /** A transaction that had something to write succeeded. */
  succeeded(): void {
    if (this.#reportedAt === undefined) return;
    this.#reportedAt = undefined;
    this.#onEvent({ kind: "store-recovered" });
  }
}
