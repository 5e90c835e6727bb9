import { nextTurn } from "../../base/turn.ts";

/**
 * Limits how many connections without an admitted call are served in one turn of the event loop. Without it, a
 * hundred connections that send at the same time would all be served, a few milliseconds each, before anyone else.
 */
export class StrangersTurn {
  readonly #perTurn: number;
  #left: number;
  #next: Promise<void> | undefined;

  /** @param perTurn such connections that are served per turn */
  constructor(perTurn: number) {
    this.#perTurn = this.#left = perTurn;
  }

  /** Takes a place in this turn. @returns false if there is none; then use {@link waitForPlace} */
  takePlace(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    // The first place of a turn schedules the next turn.
    this.#next ??= nextTurn().then(() => {
      this.#left = this.#perTurn;
      this.#next = undefined;
    });
    return true;
  }

  /** Takes a place, waiting for one if necessary. Places are given in the order of waiting. */
  async waitForPlace(): Promise<void> {
    while (!this.takePlace()) await this.#next;
  }
}
