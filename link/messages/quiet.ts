import type { Effects } from "../transactions/transactions.ts";
import type { Topic } from "../transactions/wakes.ts";

/**
 * Instructions of which is known that there is nothing to tell: a ServerApp that asks for a thousand replies, again
 * and again, costs no look at the store for those. Whatever changes that wakes their topic, and they are looked at.
 */
export class QuietInstructions {
  /** The run of each, by its topic. */
  readonly #runs = new Map<Topic, bigint>();

  /** To be called within the transaction that found nothing: no change falls between it and its commit. */
  note(effects: Effects<never>, messageId: string, runId: bigint): void {
    effects.after(() => this.#runs.set(`reply:${messageId}`, runId));
  }

  /** Whether there is nothing to tell, to a caller that knows of that run's instructions, or of any run's. */
  has(messageId: string, runId: bigint | undefined): boolean {
    const known = this.#runs.get(`reply:${messageId}`);
    return known !== undefined && (runId === undefined || runId === known);
  }

  /** Something happened: look again. */
  disturb(topic: Topic): void {
    this.#runs.delete(topic);
  }
}
