import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";

/**
 * Bytes of large bodies that servers read at the same time, and as many again of large answers that they send: four of
 * Flower's chunks of 5 MiB, and room for smaller ones. More of them keep no core busier, but each is in memory several
 * times while it is under way.
 */
const BUDGET_BYTES = 24 * 1024 * 1024;

/** Seconds after which a body under way counts as slow: a chunk on a line of 40 Mbit/s takes as long. */
const SLOW_AFTER_SECONDS = 1;

/** Bytes of slow bodies, each way, beside the budget: fifty lines may be slow, or stand still, before others wait. */
const SLOW_BUDGET_BYTES = 256 * 1024 * 1024;

/** Seconds that a large body waits for its turn. Flower's HTTP clients give up at 30 s; "unavailable" has them try again. */
export const BUDGET_PATIENCE_SECONDS = 20;

/** How much may be taken at a time. */
export interface ByteBudgetOptions {
  /** Bytes that all who take may hold together; {@link BUDGET_BYTES} by default. */
  readonly bytes?: number;
  /** Bytes beside that for those who hold theirs for long; {@link SLOW_BUDGET_BYTES} by default. */
  readonly slowBytes?: number;
  /** Seconds after which somebody holds for long; {@link SLOW_AFTER_SECONDS} by default. */
  readonly slowAfterSeconds?: number;
  /** Seconds that somebody waits for a turn; {@link BUDGET_PATIENCE_SECONDS} by default. */
  readonly patienceSeconds?: number;
  readonly clock?: Clock;
}

/** Bytes that somebody was given. */
export interface ByteLease extends Disposable {
  /** Gives them back; again without effect. */
  release(): void;
}

/** Somebody whose turn has not come. */
interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
}

/**
 * Bounds how many bytes of large bodies are in memory at the same time, however many callers there are. Who comes first
 * is served first: a large one is not passed by small ones until it fits. One that is larger than the whole budget gets
 * all of it.
 *
 * A body that takes long, because its line is slow or the other end stands still, is moved into a budget of its own as far
 * as that reaches, so that a few slow lines do not keep the fast ones waiting.
 */
export class ByteBudget {
  readonly #clock: Clock;
  readonly #patienceSeconds: number;
  readonly #slowAfterSeconds: number;
  readonly #capacity: number;
  #free: number;
  #slowFree: number;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiting>();
  /** Those who hold for long and did not fit into the budget for that, oldest first. */
  readonly #overdue = new Set<Lease>();

  constructor(options: ByteBudgetOptions = {}) {
    this.#capacity = this.#free = options.bytes ?? BUDGET_BYTES;
    this.#slowFree = options.slowBytes ?? SLOW_BUDGET_BYTES;
    this.#slowAfterSeconds = options.slowAfterSeconds ?? SLOW_AFTER_SECONDS;
    this.#patienceSeconds = options.patienceSeconds ?? BUDGET_PATIENCE_SECONDS;
    this.#clock = options.clock ?? systemClock;
  }

  /** How many bytes can be had at once. */
  get free(): number {
    return this.#free;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a turn.
   *
   * @param bytes how many will be held
   * @param signal aborted when they are not wanted any more
   * @throws FlwrError "unavailable" when it does not come in time, "cancelled" when the signal is aborted
   */
  async take(bytes: number, signal: AbortSignal): Promise<ByteLease> {
    const held = Math.min(bytes, this.#capacity);
    if (signal.aborted) throw gone();
    if (this.#waiting.size > 0 || held > this.#free) await this.#turn(held, signal);
    else this.#free -= held;
    return this.#lease(held, bytes <= this.#capacity);
  }

  /** Resolves when `bytes` have been taken off what is free. */
  async #turn(bytes: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting: Waiting = { bytes, begin: () => resolve(true) };
    const over = new AbortController();
    const giveUp = () => {
      // Whoever was let in a moment ago has the bytes.
      if (this.#waiting.delete(waiting)) resolve(false);
    };
    this.#waiting.add(waiting);
    signal.addEventListener("abort", giveUp, { once: true });
    this.#clock.sleep(this.#patienceSeconds, over.signal).then(giveUp);
    const begun = await promise;
    over.abort();
    signal.removeEventListener("abort", giveUp);
    if (begun) return;
    this.#admit();
    if (signal.aborted) throw gone();
    throw new FlwrError(
      "unavailable",
      `Too many large messages are under way: none ended within ${this.#patienceSeconds} s that would make room for ` +
        `${bytes} bytes`,
      { hints: ["Try again later"] },
    );
  }

  #lease(bytes: number, mayBeSlow: boolean): ByteLease {
    const over = new AbortController();
    const lease = new Lease(bytes, () => {
      over.abort();
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
  /** Whether its bytes are of the budget for those who hold for long. */
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

function gone(): FlwrError {
  return new FlwrError("cancelled", "The caller went before there was room for its message");
}
