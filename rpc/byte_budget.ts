import { type Clock, systemClock, WOKEN } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";

/**
 * Bytes of large bodies that servers read at the same time. Large responses have a budget of the same size. It fits
 * four of Flower's chunks of 5 MiB and some smaller bodies. A larger budget keeps no core busier, but each body is in
 * memory several times while it moves.
 */
const BUDGET_BYTES = 24 * 1024 * 1024;

/** Seconds after which an unfinished body counts as slow: a chunk takes that long at 40 Mbit/s. */
const SLOW_AFTER_SECONDS = 1;

/**
 * Bytes of slow bodies in each direction, in addition to the budget: fifty connections may be slow or stalled before
 * others wait.
 */
const SLOW_BUDGET_BYTES = 256 * 1024 * 1024;

/**
 * Seconds that a large body waits for room. Flower's HTTP clients give up after 30 s; "unavailable" makes them retry.
 */
export const BUDGET_PATIENCE_SECONDS = 20;

/** Limits of a {@link ByteBudget}. */
export interface ByteBudgetOptions {
  /** Bytes that all leases may hold together; {@link BUDGET_BYTES} by default. */
  readonly bytes?: number;
  /** Additional bytes for leases held for a long time; {@link SLOW_BUDGET_BYTES} by default. */
  readonly slowBytes?: number;
  /** Seconds after which a lease counts as slow; {@link SLOW_AFTER_SECONDS} by default. */
  readonly slowAfterSeconds?: number;
  /** Seconds to wait for a lease; {@link BUDGET_PATIENCE_SECONDS} by default. */
  readonly patienceSeconds?: number;
  readonly clock?: Clock;
}

/** Bytes reserved from a budget. */
export interface ByteLease extends Disposable {
  /** Returns the bytes to the budget. Idempotent. */
  release(): void;
}

/** A request for bytes that has to wait. */
interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
}

/**
 * Bounds how many bytes of large bodies are in memory at the same time, however many callers there are. Requests are
 * served in order: small ones do not pass a large one that does not fit yet. A request larger than the whole budget
 * gets all of it.
 *
 * A body that takes long, because its connection is slow or stalled, moves to a second budget while that one has
 * room, because otherwise a few slow connections would keep the fast ones waiting.
 */
export class ByteBudget {
  readonly #clock: Clock;
  readonly #patienceSeconds: number;
  readonly #slowAfterSeconds: number;
  readonly #capacity: number;
  #free: number;
  #slowFree: number;
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting>();
  /** Slow leases that did not fit into the budget for slow bodies, oldest first. */
  readonly #overdue = new Set<Lease>();

  constructor(options: ByteBudgetOptions = {}) {
    this.#capacity = this.#free = options.bytes ?? BUDGET_BYTES;
    this.#slowFree = options.slowBytes ?? SLOW_BUDGET_BYTES;
    this.#slowAfterSeconds = options.slowAfterSeconds ?? SLOW_AFTER_SECONDS;
    this.#patienceSeconds = options.patienceSeconds ?? BUDGET_PATIENCE_SECONDS;
    this.#clock = options.clock ?? systemClock;
  }

  /** Bytes available without waiting. */
  get free(): number {
    return this.#free;
  }

  /** Number of requests that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Reserves bytes, waiting until they are free.
   *
   * @param bytes number of bytes to reserve
   * @param signal aborted when they are no longer needed
   * @throws FlwrError "unavailable" when the wait takes too long, "cancelled" when the signal is aborted
   */
  async acquire(bytes: number, signal: AbortSignal): Promise<ByteLease> {
    const held = Math.min(bytes, this.#capacity);
    if (signal.aborted) throw callerLeft();
    if (this.#waiting.size > 0 || held > this.#free) await this.#waitFor(held, signal);
    else this.#free -= held;
    return this.#lease(held, bytes <= this.#capacity);
  }

  /** Resolves when `bytes` have been subtracted from the free bytes. */
  async #waitFor(bytes: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting: Waiting = { bytes, begin: () => resolve(true) };
    const over = new AbortController();
    const giveUp = () => {
      // A request that was granted a moment ago keeps its bytes.
      if (this.#waiting.delete(waiting)) resolve(false);
    };
    this.#waiting.add(waiting);
    signal.addEventListener("abort", giveUp, { once: true });
    this.#clock.sleep(this.#patienceSeconds, over.signal).then(giveUp);
    const begun = await promise;
    over.abort(WOKEN);
    signal.removeEventListener("abort", giveUp);
    if (begun) return;
    this.#admit();
    if (signal.aborted) throw callerLeft();
    throw new FlwrError(
      "unavailable",
      `Too many large messages in progress: waited ${this.#patienceSeconds} s without room for ` +
        `${bytes} bytes`,
      { hints: ["Try again later"] },
    );
  }

  #lease(bytes: number, mayBeSlow: boolean): ByteLease {
    const over = new AbortController();
    const lease = new Lease(bytes, () => {
      over.abort(WOKEN);
      this.#overdue.delete(lease);
      if (lease.slow) this.#slowFree += bytes;
      else this.#free += bytes;
      this.#moveOverdue();
      this.#admit();
    });
    if (mayBeSlow) {
      this.#clock.sleep(this.#slowAfterSeconds, over.signal).then(() => {
        if (over.signal.aborted) return;
        this.#overdue.add(lease);
        this.#moveOverdue();
        this.#admit();
      });
    }
    return lease;
  }

  #moveOverdue(): void {
    for (const lease of this.#overdue) {
      if (lease.bytes > this.#slowFree) return;
      this.#overdue.delete(lease);
      lease.slow = true;
      this.#slowFree -= lease.bytes;
      this.#free += lease.bytes;
    }
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (waiting.bytes > this.#free) return;
      this.#waiting.delete(waiting);
      this.#free -= waiting.bytes;
      waiting.begin();
    }
  }
}

class Lease implements ByteLease {
  /** Whether its bytes count against the budget for slow bodies. */
  slow = false;
  #giveBack: (() => void) | undefined;

  constructor(readonly bytes: number, giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  release(): void {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    giveBack?.();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

function callerLeft(): FlwrError {
  return new FlwrError(
    "cancelled",
    "The caller disconnected before there was room for its message",
  );
}
