import { type Effects, type LinkContext, transact } from "./context.ts";
import { settleDueNode } from "./nodes.ts";
import { settleDuePush } from "./push_end.ts";
import { settleDueRun } from "./run_claims.ts";
import { settleDueInstruction } from "./settle_instruction.ts";
import type { LinkTransaction } from "./store/store.ts";

/** Deals with something that is due. */
type Settle<T> = (
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  due: T,
) => Promise<void>;

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
        const { housekeepingBatch: batch, housekeepingPushBatch: pushes } = limits;
        let settled = 0;
        const sweep = async <T>(due: readonly T[], settle: Settle<T>) => {
          for (const each of due) {
            // The rest is still due in the next transaction: to free objects of gigabytes takes its time.
            if (settled > 0 && clock.now() - now > limits.housekeepingSeconds) return;
            await settle(context, tx, effects, each);
            settled++;
          }
        };
        await sweep(await tx.nodes.due(now, batch), settleDueNode);
        await sweep(await tx.runs.due(now, batch), settleDueRun);
        await sweep(await tx.pushes.due(now, pushes), settleDuePush);
        await sweep(await tx.instructions.due(now, batch), settleDueInstruction);
        return await tx.nextDue();
      });
    } catch (error) {
      if (!closing.aborted) context.onEvent({ kind: "housekeeping-failed", error });
      return clock.now() + RETRY_SECONDS;
    }
  }
}
