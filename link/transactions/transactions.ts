import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { Random } from "../../base/random.ts";
import type { LinkEvent } from "../events.ts";
import type { Joins } from "../nodes/joins.ts";
import type { LinkLimits } from "../limits.ts";
import type { LooseReplies } from "../messages/loose_replies.ts";
import type { LinkObject, MessageDraft } from "../messages/message.ts";
import type { QuietInstructions } from "../messages/quiet.ts";
import type { Retention } from "../runs/retention.ts";
import type { RunOutcomes } from "../runs/outcomes.ts";
import { NotSynced } from "./not_synced.ts";
import type { Durability, LinkStore, LinkTransaction } from "../store/store.ts";
import type { StoreTrouble } from "./store_trouble.ts";
import type { TrafficMeter } from "../runs/traffic.ts";
import type { TreeCache } from "../objects/tree_cache.ts";
import type { Topic, Wakes } from "./wakes.ts";

/** What every operation of the SuperLink's domain works with. */
export interface LinkContext {
  readonly store: LinkStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: LinkLimits;
  readonly messageObject: (message: MessageDraft) => LinkObject;
  readonly wakes: Wakes;
  readonly quiet: QuietInstructions;
  readonly traffic: TrafficMeter;
  readonly trees: TreeCache;
  readonly loose: LooseReplies;
  readonly joins: Joins;
  /** What the owner's list of keys calls the holder of a key. */
  readonly listedName: (publicKey: Uint8Array) => string | undefined;
  readonly retention: Retention;
  /** When it is looked next whether too many nodes are away. */
  readonly absences: Retention;
  readonly outcomes: RunOutcomes;
  /** Bytes that each open push has brought since the service began, by session. */
  readonly staged: Map<string, number>;
  readonly trouble: StoreTrouble;
  readonly onEvent: (event: LinkEvent) => void;
  /** Tells the housekeeper that something becomes due at this Unix time in seconds. */
  readonly expect: (dueAt: number) => void;
  /** Aborted once the service closes. */
  readonly closing: AbortSignal;
}

/** What a transaction brings about outside the store: once it is stored, or, for `undo`, when it failed. */
export class Effects {
  readonly events: LinkEvent[] = [];
  readonly topics = new Set<Topic>();
  readonly undo: (() => void)[] = [];
  dueAt = Infinity;

  due(at: number | undefined): void {
    if (at !== undefined) this.dueAt = Math.min(this.dueAt, at);
  }
}

/**
 * Runs a transaction, then its effects; none of them when it fails. One that is committed and not on the disk yet has its
 * effects, and is reported as an error all the same, so that its caller tries again.
 *
 * @throws unavailable after the service was closed
 */
export async function transact<T>(
  context: LinkContext,
  durability: Durability,
  work: (tx: LinkTransaction, effects: Effects) => Promise<T>,
): Promise<T> {
  requireOpen(context);
  const effects = new Effects();
  let result: T;
  let notSynced: NotSynced | undefined;
  try {
    result = await context.store.transaction(durability, (tx) => work(tx, effects));
  } catch (error) {
    if (!context.closing.aborted) context.trouble.failed(error);
    if (!(error instanceof NotSynced)) {
      for (const undo of effects.undo) undo();
      throw error;
    }
    notSynced = error;
    result = error.result as T;
  }
  // Relaxed ones often have nothing to write.
  if (durability === "durable" && notSynced === undefined) context.trouble.succeeded();
  if (effects.dueAt < Infinity) context.expect(effects.dueAt);
  for (const topic of effects.topics) {
    context.quiet.disturb(topic);
    context.wakes.wake(topic);
  }
  for (const event of effects.events) context.onEvent(event);
  if (notSynced !== undefined) throw notSynced;
  return result;
}

/** @throws unavailable after the service was closed */
export function requireOpen(context: LinkContext): void {
  if (context.closing.aborted) throw new FlwrError("unavailable", "The SuperLink is shutting down");
}
