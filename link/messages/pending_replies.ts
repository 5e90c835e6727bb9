import type { Effects } from "../transactions/transactions.ts";
import type { Topic } from "../transactions/wakes.ts";

/**
 * Cache of instructions known to have no reply yet. A ServerApp that polls for a thousand replies causes no store reads
 * for them. Every change of an instruction wakes its topic, which removes the entry.
 */
export class PendingReplies {
  /** Run of each instruction, by topic. */
  readonly #runs = new Map<Topic, bigint>();

  /** Adds an instruction. Call it in the transaction that found no reply, which excludes a change in between. */
  add(effects: Effects<never>, messageId: string, runId: bigint): void {
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
