import type { Effects } from "../transactions/transactions.ts";
import type { Topic } from "../transactions/wakes.ts";

/**
 * Cache of instructions known to have no reply yet. A ServerApp that polls for a thousand replies causes no store reads
 * for them. Every change of an instruction wakes its topic, which removes the entry. With a shared store the cache stays
 * empty: another SuperLink can store a reply after this one has looked, and its wake-up arrive before the entry is added.
 */
export class PendingReplies {
  /** Run of each instruction, by topic. */
  readonly #runs = new Map<Topic, bigint>();
  readonly #isShared: boolean;

  /** @param isShared whether the store is shared */
  constructor(isShared: boolean) {
    this.#isShared = isShared;
  }

  /** Adds an instruction. Call it in the transaction that found no reply, which excludes a change in between. */
  add(effects: Effects<never>, messageId: string, runId: bigint): void {
    if (this.#isShared) return;
    effects.after(() => this.#runs.set(`reply:${messageId}`, runId));
  }

  /** Whether the instruction is known to have no reply. @param runId the caller's run; undefined for any run */
  has(messageId: string, runId: bigint | undefined): boolean {
    const known = this.#runs.get(`reply:${messageId}`);
    return known !== undefined && (runId === undefined || runId === known);
  }

  /** Removes the instruction of this topic, because it changed. */
  remove(topic: Topic): void {
    this.#runs.delete(topic);
  }
}
