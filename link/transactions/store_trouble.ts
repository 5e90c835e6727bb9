import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";

/** Seconds between two reports of the same failure. */
const REPORT_SECONDS = 60;
/** Seconds after a failure or a stall during which nodes and runs do not time out: heartbeats could not be stored. */
export const GRACE_SECONDS = 60;

/** An event of the store. */
export type StoreEvent =
  /** The store cannot write, for example because the disk is full. Reported once a minute while the failure lasts. */
  | { readonly kind: "store-failed"; readonly error: FlwrError }
  /** The store can write again. */
  | { readonly kind: "store-recovered" };

/** Reports temporary failures of the store, at most once a minute, and its recovery. */
export class StoreTrouble {
  readonly #clock: Clock;
  readonly #onEvent: (event: StoreEvent) => void;
  #reportedAt: number | undefined;
  #failedAt = -Infinity;

  constructor(clock: Clock, onEvent: (event: StoreEvent) => void) {
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  /** Unix time in seconds until which nodes and runs do not time out. */
  get graceUntil(): number {
    return this.#failedAt + GRACE_SECONDS;
  }

  /** Records that a transaction failed. Only code "unavailable" counts as a failure of the store. */
  failed(error: unknown): void {
    if (!(error instanceof FlwrError) || error.code !== "unavailable") return;
    const now = this.#clock.now();
    this.#failedAt = now;
    if (this.#reportedAt !== undefined && now - this.#reportedAt < REPORT_SECONDS) return;
    this.#reportedAt = now;
    this.#onEvent({ kind: "store-failed", error });
  }

  /** Records that the store kept a transaction waiting for seconds. It did not fail, so nothing is reported. */
  stalled(): void {
    this.#failedAt = this.#clock.now();
  }

  /** Records that a transaction with writes succeeded. */
  succeeded(): void {
    if (this.#reportedAt === undefined) return;
    this.#reportedAt = undefined;
    this.#onEvent({ kind: "store-recovered" });
  }
}
