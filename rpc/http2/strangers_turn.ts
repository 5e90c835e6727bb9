import { nextTurn } from "../../base/turn.ts";

/**
 * Shares each turn of the event loop between the connections of strangers and everybody else. Without it a hundred
 * connections that bring something at the same time are all worked for, a few milliseconds each, before anybody else is.
 */
export class StrangersTurn {
  readonly #perTurn: number;
  #left: number;
  #next: Promise<void> | undefined;

  /** @param perTurn connections of strangers that are worked for in one turn */
  constructor(perTurn: number) {
    this.#perTurn = this.#left = perTurn;
  }

  /** Whether there is room in this turn; takes it. Otherwise {@link wait}. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    // The first of a turn begins the next one.
    this.#next ??= nextTurn().then(() => {
      this.#left = this.#perTurn;
      this.#next = undefined;
    });
    return true;
  }

  /** Resolves when there is room, which is taken. Those that wait come in the order in which they began to. */
  async wait(): Promise<void> {
    while (!this.take()) await this.#next;
  }
}
