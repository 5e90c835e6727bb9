import { afterOthers } from "./platform.ts";

/** Lets everything else that is ready have its turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise(afterOthers);
}

/** Divides work that may be long, so that others have their turn after a number of steps. */
export class Turns {
  readonly #perTurn: number;
  #left: number;

  /** @param perTurn steps between two turns of the event loop, at least 1 */
  constructor(perTurn: number) {
    this.#perTurn = this.#left = perTurn;
  }

  /** Steps that may follow before {@link spend} waits; at least 1. */
  get left(): number {
    return this.#left;
  }

  /** Notes steps that were done. Waits for the next turn once there are enough of them, and not at all before. */
  async spend(steps: number): Promise<void> {
    this.#left -= steps;
    if (this.#left > 0) return;
    this.#left = this.#perTurn;
    await nextTurn();
  }
}
