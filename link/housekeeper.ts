import type { LinkContext, LinkTransaction } from "./context.ts";
import type { LinkEvent } from "./events.ts";
import { settleDuePush } from "./messages/push_end.ts";
import { settleDueInstruction } from "./messages/settle_instruction.ts";
import { settleDueNode, sweepAbsentNodes } from "./nodes/presence.ts";
import { settleDuePiece } from "./runs/bundles.ts";
import { settleDueRun } from "./runs/claims.ts";
import { sweepFinishedRuns } from "./runs/retention.ts";
import type { SweepLimits } from "./transactions/sweep_time.ts";
import type { Effects } from "./transactions/transactions.ts";

/** How much the housekeeper does at once. */
export interface HousekeepingLimits extends SweepLimits {
  /** How many abandoned pushes, which can have thousands of objects each, it clears in one transaction. */
  readonly housekeepingPushBatch: number;
  /** How long it waits, in seconds, before it gives some more of the store's free space back. */
  readonly reclaimIntervalSeconds: number;
}

/** How much the housekeeper does at once when nothing else is said. */
export const DEFAULT_HOUSEKEEPING_LIMITS: HousekeepingLimits = {
  housekeepingBatch: 100,
  housekeepingSeconds: 0.05,
  housekeepingPushBatch: 5,
  reclaimIntervalSeconds: 1,
};

/** Deals with something that is due. */
type Settle<T> = (
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects<LinkEvent>,
  due: T,
) => Promise<void>;

/** No sleep is longer, so that none overflows the 2^31 ms of a platform's timer. */
const LONGEST_SLEEP_SECONDS = 3600;
/** How long to wait after the store failed. */
const RETRY_SECONDS = 5;

/**
 * Settles what time brings about, when it is due: nodes go offline, instructions expire, what was told is let go. When
 * nothing of that is due, it removes what is kept of finished runs beyond the limits, and gives the store's free space
 * back. It sleeps until the next due time and not until a fixed interval has passed.
 */
export class Housekeeper {
  #reclaimAt = 0;
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
      this.expect(next);
      if (next > clock.now()) this.expect(await this.#reclaim(context));
      // Without an abort here: what became due while it settled is in #wakeAt.
      if (this.#nap.signal.aborted) this.#nap = new AbortController();
      if (!closing.aborted) await clock.sleep(this.#wakeAt - clock.now(), this.#nap.signal);
    }
  }

  /** @returns when the next thing is due; Infinity for never */
  async #settle(context: LinkContext): Promise<number> {
    const { clock, closing, limits } = context;
    try {
      const next = await context.transact("relaxed", async (tx, effects) => {
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
        const { graceUntil } = context.trouble;
        if (now >= graceUntil) {
          await sweep(await tx.nodes.due(now, batch), settleDueNode);
          await sweep(await tx.runs.due(now, batch), settleDueRun);
        }
        await sweep(await tx.pushes.due(now, pushes), settleDuePush);
        await sweep(await tx.instructions.due(now, batch), settleDueInstruction);
        await sweep(await tx.pieces.due(now, batch), settleDuePiece);
        const due = await tx.nextDue() ?? Infinity;
        const next = now < graceUntil ? Math.max(due, now + RETRY_SECONDS) : due;
        if (now >= graceUntil && next > clock.now() && context.absences.dueAt <= clock.now()) {
          await sweepAbsentNodes(context, tx, effects, now + limits.housekeepingSeconds);
        }
        // Finished runs come last: until then, there may be messages of theirs.
        if (next > clock.now() && context.retention.dueAt <= clock.now()) {
          await sweepFinishedRuns(context, tx, effects, now + limits.housekeepingSeconds);
        }
        return next;
      });
      const absencesAt = Math.max(context.absences.dueAt, context.trouble.graceUntil);
      return Math.min(next, context.retention.dueAt, absencesAt);
    } catch (error) {
      if (!closing.aborted) context.onEvent({ kind: "housekeeping-failed", error });
      return clock.now() + RETRY_SECONDS;
    }
  }

  /** @returns when to look for free space again; Infinity for when something else was done */
  async #reclaim({ store, clock, closing, limits, onEvent }: LinkContext): Promise<number> {
    const now = clock.now();
    if (closing.aborted) return Infinity;
    if (now < this.#reclaimAt) return this.#reclaimAt;
    this.#reclaimAt = now + limits.reclaimIntervalSeconds;
    try {
      return await store.reclaim() ? this.#reclaimAt : Infinity;
    } catch (error) {
      if (!closing.aborted) onEvent({ kind: "housekeeping-failed", error });
      return now + RETRY_SECONDS;
    }
  }
}
