import { afterOthers } from "./platform.ts";

/** Waits until everything else that is ready in the event loop has run. */
export function nextTurn(): Promise<void> {
  return new Promise(afterOthers);
}

/** Divides long work, so that other work can run after a number of steps. */
export class Turns {
  readonly #perTurn: number;
  #left: number;

  /**
   * Starts with a full turn.
   *
   * @param perTurn steps per turn of the event loop, at least 1
   */
  constructor(perTurn: number) {
    this.#perTurn = this.#left = perTurn;
  }

  /** Number of steps before {@link spend} waits; at least 1. */
  get left(): number {
    return this.#left;
  }

  /**
   * Counts completed steps. Waits for the next turn of the event loop after enough of them, and otherwise not at all.
   */
  async spend(steps: number): Promise<void> {
    this.#left -= steps;
    if (this.#left > 0) return;
    this.#left = this.#perTurn;
    await nextTurn();
  }
}
