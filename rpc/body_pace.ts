import { MIN_BODY_BYTES_PER_SECOND } from "./limits.ts";

/** Seconds that any request's body may take, on either wire. */
const BODY_GRACE_SECONDS = 30;

/** Seconds that a body may take, each way. @param bytes how large it is */
export function bodySeconds(bytes: number): number {
  return BODY_GRACE_SECONDS + bytes / MIN_BODY_BYTES_PER_SECOND;
}

/** How slowly the body of a request may come, or that of an answer be taken. */
export interface PaceLimits {
  /** Seconds that any body may take. */
  readonly graceSeconds: number;
  /** Bytes that have to move in each second after that. */
  readonly minBytesPerSecond: number;
}

/** The limits in force. */
export const PACE_LIMITS: PaceLimits = {
  graceSeconds: BODY_GRACE_SECONDS,
  minBytesPerSecond: MIN_BODY_BYTES_PER_SECOND,
};

/** What whoever sends a body more slowly is told. */
export const TOO_SLOW = "The request came too slowly.";

/** Watches over how fast a body moves: to be disposed of at its end. */
export class BodyPace implements Disposable {
  readonly #limits: PaceLimits;
  readonly #tooSlow: () => void;
  readonly #start = performance.now();
  #moved = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param tooSlow called once, when a body has not moved as fast as it must */
  constructor(limits: PaceLimits, tooSlow: () => void) {
    this.#limits = limits;
    this.#tooSlow = tooSlow;
    this.#check();
  }

  /** Says that so many bytes came. */
  take(bytes: number): void {
    this.#moved += bytes;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    const { graceSeconds, minBytesPerSecond } = this.#limits;
    const allowed = graceSeconds + this.#moved / minBytesPerSecond;
    const wait = this.#start + allowed * 1000 - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#check(), wait);
    else this.#tooSlow();
  }
}
