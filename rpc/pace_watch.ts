import type { PaceLimits } from "./body_pace.ts";

/** Milliseconds between two looks at the bodies under way. */
const LOOK_MS = 1000;

/** A body under way. */
export interface MovingBody {
  /** When it began, in milliseconds of `performance.now()`. */
  readonly since: number;
  /** Bytes that have moved. */
  moved: number;
  /** Called once, when they were too few. */
  readonly tooSlow: () => void;
}

/**
 * Watches over how fast many bodies move, with one timer for all: most are gone before it is due. A body may take as much
 * longer as passes between two looks: a second, or half of the grace where that is less.
 */
export class PaceWatch implements Disposable {
  readonly #limits: PaceLimits;
  readonly #bodies = new Set<MovingBody>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
    this.#timer = setInterval(
      () => this.#look(),
      Math.min(LOOK_MS, limits.graceSeconds * 1000 / 2),
    );
  }

  /** A body begins to move. */
  add(body: MovingBody): void {
    this.#bodies.add(body);
  }

  /** A body is at its end. */
  delete(body: MovingBody): void {
    this.#bodies.delete(body);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { graceSeconds, minBytesPerSecond } = this.#limits;
    const now = performance.now();
    for (const body of this.#bodies) {
      if (now - body.since < 1000 * (graceSeconds + body.moved / minBytesPerSecond)) continue;
      this.#bodies.delete(body);
      body.tooSlow();
    }
  }
}
