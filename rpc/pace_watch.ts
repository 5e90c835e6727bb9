import type { PaceLimits } from "./body_pace.ts";

/** Milliseconds between two checks of the bodies in progress. */
const CHECK_MS = 1000;

/** A body in progress. */
export interface MovingBody {
  /** Start time in milliseconds of `performance.now()`. */
  readonly since: number;
  /** Bytes sent so far. */
  moved: number;
  /** Called once, when the body is too slow. */
  readonly tooSlow: () => void;
}

/**
 * Checks how fast many bodies move, with one timer for all, because most end before it fires. A body may exceed its
 * time by one interval: a second, or half of the grace period if that is less.
 */
export class PaceWatch implements Disposable {
  readonly #limits: PaceLimits;
  readonly #bodies = new Set<MovingBody>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
    this.#timer = setInterval(
      () => this.#check(),
      Math.min(CHECK_MS, limits.graceSeconds * 1000 / 2),
    );
  }

  /** Starts watching a body. */
  add(body: MovingBody): void {
    this.#bodies.add(body);
  }

  /** Stops watching a body. */
  delete(body: MovingBody): void {
    this.#bodies.delete(body);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const { graceSeconds, minBytesPerSecond } = this.#limits;
    const now = performance.now();
    for (const body of this.#bodies) {
      if (now - body.since < 1000 * (graceSeconds + body.moved / minBytesPerSecond)) continue;
      this.#bodies.delete(body);
      body.tooSlow();
    }
  }
}
