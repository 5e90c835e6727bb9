import { type LinkContext, transact } from "./context.ts";
import { settleDueNode } from "./nodes.ts";
import { settleDuePush } from "./push_end.ts";
import { settleDueRun } from "./run_claims.ts";
import { settleDueInstruction } from "./settle_instruction.ts";

/** No sleep is longer, so that none overflows the 2^31 ms of a platform's timer. */
const LONGEST_SLEEP_SECONDS = 3600;
/** How long to wait after the store failed. */
const RETRY_SECONDS = 5;

/**
 * Settles what time brings about, when it is due: nodes go offline, instructions expire, what was told is let go.
 * It sleeps until the next due time and not until a fixed interval has passed.
 */
export class Housekeeper {
  #wakeAt = 0;
  #nap = new AbortController();
  #running: Promise<void> | undefined;

  /** Starts; ends when the context closes. */
  start(context: LinkContext): void {
    this.#running = this.#run(context);
  }

  /** Makes sure that it looks at this Unix time in seconds. */
  expect(dueAt: number): void {
    if (dueAt < this.#wakeAt) {
      this.#wakeAt = dueAt;
      this.#nap.abort();
    }
  }

  /** Waits for the work under way; the context must be closing. */
  async stopped(): Promise<void> {
    this.#nap.abort();
    await this.#running;
  }

  async #run(context: LinkContext): Promise<void> {
    const { clock, closing } = context;
    while (!closing.aborted) {
      this.#wakeAt = clock.now() + LONGEST_SLEEP_SECONDS;
      this.#nap = new AbortController();
      const next = await this.#settle(context);
      this.expect(next ?? Infinity);
      // Without an abort here: what became due while it settled is in #wakeAt.
      if (this.#nap.signal.aborted) this.#nap = new AbortController();
      if (!closing.aborted) await clock.sleep(this.#wakeAt - clock.now(), this.#nap.signal);
    }
  }

  /** @returns when the next thing is due */
  async #settle(context: LinkContext): Promise<number | undefined> {
    const { clock, closing, limits } = context;
    try {
      return await transact(context, "relaxed", async (tx, effects) => {
        const now = clock.now();
        for (const node of await tx.nodes.due(now, limits.housekeepingBatch)) {
          await settleDueNode(context, tx, effects, node);
        }
        for (const run of await tx.runs.due(now, limits.housekeepingBatch)) {
          await settleDueRun(context, tx, effects, run);
        }
        for (const push of await tx.pushes.due(now, limits.housekeepingPushBatch)) {
          await settleDuePush(context, tx, effects, push);
        }
        for (const instruction of await tx.instructions.due(now, limits.housekeepingBatch)) {
          await settleDueInstruction(context, tx, effects, instruction);
        }
        return await tx.nextDue();
      });
    } catch (error) {
      if (!closing.aborted) context.onEvent({ kind: "housekeeping-failed", error });
      return clock.now() + RETRY_SECONDS;
    }
  }
}
