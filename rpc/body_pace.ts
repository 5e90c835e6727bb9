import { MIN_BODY_BYTES_PER_SECOND } from "./limits.ts";

/** Seconds that any body may take, over gRPC or HTTP. */
const BODY_GRACE_SECONDS = 30;

/** Seconds that a body may take, in either direction. @param bytes its size */
export function bodySeconds(bytes: number): number {
  return BODY_GRACE_SECONDS + bytes / MIN_BODY_BYTES_PER_SECOND;
}

/** The slowest transfer that is allowed for a request's or a response's body. */
export interface PaceLimits {
  /** Seconds that any body may take. */
  readonly graceSeconds: number;
  /** Bytes that must move in each second after that. */
  readonly minBytesPerSecond: number;
}

/** The default limits. */
export const PACE_LIMITS: PaceLimits = {
  graceSeconds: BODY_GRACE_SECONDS,
  minBytesPerSecond: MIN_BODY_BYTES_PER_SECOND,
};

/** Message for a client that sends its body too slowly. */
export const TOO_SLOW = "The request arrived too slowly.";

/** Timer that checks how fast one body moves. Dispose of it when the body ends. */
export class BodyPace implements Disposable {
  readonly #limits: PaceLimits;
  readonly #tooSlow: () => void;
  readonly #start = performance.now();
  #moved = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param tooSlow called once, when the body is slower than the limits allow */
  constructor(limits: PaceLimits, tooSlow: () => void) {
    this.#limits = limits;
    this.#tooSlow = tooSlow;
    this.#check();
  }

  /** Counts bytes that arrived. */
  addBytes(bytes: number): void {
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
