import type { LinkContext, LinkTransaction } from "./context.ts";
import type { LinkEvent } from "./events.ts";
import { handleEndedServer } from "./ended_servers.ts";
import { GRACE_SECONDS } from "./transactions/store_trouble.ts";
import { handleDuePush } from "./messages/push_end.ts";
import { handleDueInstruction } from "./messages/end_instruction.ts";
import { handleDueStrayReply } from "./messages/replies.ts";
import { handleDueNode, sweepAbsentNodes } from "./nodes/presence.ts";
import { handleDuePiece } from "./runs/bundles.ts";
import { handleDueRun } from "./runs/claims.ts";
import { sweepFinishedRuns } from "./runs/retention.ts";
import type { SweepLimits } from "./transactions/sweep_time.ts";
import type { Effects } from "./transactions/transactions.ts";

/** Limits of the housekeeper's transactions. */
export interface HousekeepingLimits extends SweepLimits {
  /** Number of abandoned pushes to remove in one transaction. Each can have thousands of objects. */
  readonly housekeepingPushBatch: number;
  /** Seconds between two steps of returning the store's free space. */
  readonly reclaimIntervalSeconds: number;
  /** Seconds that a transaction of a shared store may wait for its turn. After more, heartbeats have waited, too. */
  readonly stallSeconds: number;
}

/** Default limits of the housekeeper. */
export const DEFAULT_HOUSEKEEPING_LIMITS: HousekeepingLimits = {
  housekeepingBatch: 100,
  housekeepingSeconds: 0.05,
  housekeepingPushBatch: 5,
  reclaimIntervalSeconds: 1,
  stallSeconds: 5,
};

/** Handles a record that is due. */
type Settle<T> = (
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects<LinkEvent>,
  due: T,
) => Promise<void>;

/** Longest sleep, because a platform's timer overflows at 2^31 ms. */
const LONGEST_SLEEP_SECONDS = 3600;
/** Seconds to wait after the store failed. */
const RETRY_SECONDS = 5;

/**
 * Background task that handles due records: nodes go offline, instructions expire, pulled replies are removed. When
 * nothing is due, it removes absent nodes and data of finished runs beyond the limits, and returns the store's free
 * space to the system. It sleeps until the next due time. Of SuperLinks that share a store, one does this at a time, and
 * all look every limits.relookSeconds.
 */
export class Housekeeper {
  #reclaimAt = 0;
  #wakeAt = 0;
  #nap = new AbortController();
  #running: Promise<void> | undefined;

  /** Starts the task. It ends when the context closes. */
  start(context: LinkContext): void {
    this.#running = this.#run(context);
  }

  /** Schedules a run at this Unix time in seconds, unless an earlier one is scheduled. */
  expect(dueAt: number): void {
    if (dueAt < this.#wakeAt) {
      this.#wakeAt = dueAt;
      this.#nap.abort();
    }
  }

  /** Waits until the task has ended. The context must be closing. */
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
      if (!closing.aborted && next > clock.now()) this.expect(await this.#reclaim(context));
      // An abort during #settle must not shorten this sleep, because #wakeAt contains what became due meanwhile.
      if (this.#nap.signal.aborted) this.#nap = new AbortController();
      if (!closing.aborted) await clock.sleep(this.#wakeAt - clock.now(), this.#nap.signal);
    }
  }

  /** Handles due records. @returns Unix time in seconds of the next due record, or Infinity */
  async #settle(context: LinkContext): Promise<number> {
    const { clock, closing, limits } = context;
    /** Until when nodes and runs do not time out, and so absent nodes are not looked for. */
    let graceUntil = -Infinity;
    try {
      const asked = clock.now();
      const next = await context.transact("relaxed", async (tx, effects) => {
        if (await context.housekeeping?.leads(tx, effects) === false) return undefined;
        const gap = context.store.isShared ? await context.server.lastGap(tx) : -Infinity;
        // After the first answer, because until then a shared store may have worked for other SuperLinks.
        const now = clock.now();
        if (context.store.isShared && now - asked > limits.stallSeconds) context.trouble.stalled();
        const { housekeepingBatch: batch, housekeepingPushBatch: pushes } = limits;
        let settled = 0;
        const sweep = async <T>(due: readonly T[], settle: Settle<T>) => {
          for (const each of due) {
            // The rest stays due for the next transaction, because removing gigabytes of objects takes a long time.
            if (settled > 0 && clock.now() - now > limits.housekeepingSeconds) return;
            await settle(context, tx, effects, each);
            settled++;
          }
        };
        if (context.store.isShared) await sweep(await context.server.ended(tx), handleEndedServer);
        graceUntil = Math.max(context.trouble.graceUntil, gap + GRACE_SECONDS);
        if (now >= graceUntil) {
          await sweep(await tx.nodes.due(now, batch), handleDueNode);
          await sweep(await tx.runs.due(now, batch), handleDueRun);
        }
        await sweep(await tx.pushes.due(now, pushes), handleDuePush);
        await sweep(await tx.instructions.due(now, batch), handleDueInstruction);
        await sweep(await tx.pieces.due(now, batch), handleDuePiece);
        await sweep(await tx.strayReplies.due(now, batch), handleDueStrayReply);
        const due = await tx.nextDue() ?? Infinity;
        const next = now < graceUntil ? Math.max(due, now + RETRY_SECONDS) : due;
        if (now >= graceUntil && next > clock.now() && context.absences.dueAt <= clock.now()) {
          await sweepAbsentNodes(context, tx, effects, now + limits.housekeepingSeconds);
        }
        // Finished runs come last, because until then they may still have messages.
        if (next > clock.now() && context.retention.dueAt <= clock.now()) {
          await sweepFinishedRuns(context, tx, effects, now + limits.housekeepingSeconds);
        }
        return next;
      });
      // Another SuperLink can make something due, and this one can miss that.
      const relookAt = context.store.isShared ? clock.now() + limits.relookSeconds : Infinity;
      if (next === undefined) return relookAt;
      const absencesAt = Math.max(context.absences.dueAt, graceUntil);
      return Math.min(next, context.retention.dueAt, absencesAt, relookAt);
    } catch (error) {
      if (!closing.aborted) context.onEvent({ kind: "housekeeping-failed", error });
      return clock.now() + RETRY_SECONDS;
    }
  }

  /** Returns some free space. @returns Unix time in seconds of the next step; Infinity until other work was done */
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
