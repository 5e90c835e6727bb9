import { FlwrError } from "../../base/error.ts";
import type { StoreTrouble } from "./store_trouble.ts";
import type { Topic } from "./wakes.ts";

/**
 * What a transaction survives once it is done: "durable" also the loss of power, "relaxed" at least the death of
 * the process. What is relaxed may be lost only together with everything after it.
 */
export type Durability = "durable" | "relaxed";

/** A store that runs transactions over its tables. */
export interface TransactionStore<Tables> {
  /**
   * Runs `work` as one transaction: alone, and all or nothing. When `work` rejects, nothing has happened.
   * `work` must await nothing but the tables' own methods. The store may run it again when an attempt failed.
   *
   * @param onCommit called once, when the attempt that counts is committed, before another transaction begins
   */
  transaction<T>(
    durability: Durability,
    work: (tables: Tables) => Promise<T>,
    onCommit?: () => void,
  ): Promise<T>;
}

/**
 * What one attempt of a transaction brings about outside the store once it is committed. Each attempt has effects of its
 * own: those of an attempt that failed never happen.
 */
export interface Effects<Event> {
  /** Reports what happened, once it is stored. */
  emit(event: Event): void;
  /** Wakes those who wait for the topic, once it is stored. */
  wake(topic: Topic): void;
  /** Tells the housekeeper that something becomes due at this Unix time in seconds. */
  due(at: number | undefined): void;
  /** Changes something in memory at the commit. Changes are made in their order, before another transaction begins. */
  after(change: () => void): void;
  /**
   * The owner's draft of its changes, for changes that the same attempt reads again.
   *
   * @param make makes it, once in each attempt
   * @param merge makes its changes, at the commit
   */
  draft<D>(owner: object, make: () => D, merge: (draft: D) => void): D;
}

/** Runs transactions over the tables that the caller uses. */
export interface Transacts<Tx, Event> {
  /**
   * Runs a transaction, then its effects; none of them when it fails. One that is committed and not on the disk yet has
   * its effects, and is reported as an error all the same, so that its caller tries again.
   *
   * @throws unavailable after the service was closed
   */
  readonly transact: <T>(
    durability: Durability,
    work: (tx: Tx, effects: Effects<Event>) => Promise<T>,
  ) => Promise<T>;
}

/**
 * A transaction was committed, but the disk has not confirmed it. Its caller tries again; what it brought about has
 * happened, and others must hear of it.
 */
export class NotSynced extends FlwrError {
  /**
   * @param result what the transaction's work returned
   * @param error why the disk did not confirm it
   */
  constructor(readonly result: unknown, { message, hints, cause }: FlwrError) {
    super("unavailable", message, { hints, cause });
  }
}

/** What transactions and their effects reach. */
export interface TransactionsOptions<Tables, Tx, Event> {
  readonly store: TransactionStore<Tables>;
  /** Makes of a store's tables what one attempt works with. */
  readonly open: (tables: Tables, effects: Effects<Event>) => Tx;
  readonly trouble: StoreTrouble;
  /** Aborted once the service closes. */
  readonly closing: AbortSignal;
  readonly onEvent: (event: Event) => void;
  readonly onTopic: (topic: Topic) => void;
  readonly onDue: (dueAt: number) => void;
}

/** Runs the transactions of the domain. */
export function transactions<Tables, Tx, Event>(
  options: TransactionsOptions<Tables, Tx, Event>,
): Transacts<Tx, Event>["transact"] {
  const { store, open, trouble, closing } = options;
  return async (durability, work) => {
    requireOpen(closing);
    let effects: Attempt<Event> | undefined;
    let result: Awaited<ReturnType<typeof work>>;
    let notSynced: NotSynced | undefined;
    try {
      result = await store.transaction(
        durability,
        (tables) => {
          effects = new Attempt();
          return work(open(tables, effects), effects);
        },
        () => effects?.commit(),
      );
    } catch (error) {
      if (!closing.aborted) trouble.failed(error);
      if (!(error instanceof NotSynced)) throw error;
      notSynced = error;
      result = error.result as typeof result;
    }
    // Relaxed ones often have nothing to write.
    if (durability === "durable" && notSynced === undefined) trouble.succeeded();
    const { dueAt = Infinity, topics = [], events = [] } = effects ?? {};
    if (dueAt < Infinity) options.onDue(dueAt);
    for (const topic of topics) options.onTopic(topic);
    for (const event of events) options.onEvent(event);
    if (notSynced !== undefined) throw notSynced;
    return result;
  };
}

/** @throws unavailable after the service was closed */
export function requireOpen(closing: AbortSignal): void {
  if (closing.aborted) throw new FlwrError("unavailable", "The SuperLink is shutting down");
}

class Attempt<Event> implements Effects<Event> {
  readonly events: Event[] = [];
  readonly topics = new Set<Topic>();
  dueAt = Infinity;
  readonly #changes: (() => void)[] = [];
  #drafts: Map<object, unknown> | undefined;

  emit(event: Event): void {
    this.events.push(event);
  }

  wake(topic: Topic): void {
    this.topics.add(topic);
  }

  due(at: number | undefined): void {
    if (at !== undefined) this.dueAt = Math.min(this.dueAt, at);
  }

  after(change: () => void): void {
    this.#changes.push(change);
  }

  draft<D>(owner: object, make: () => D, merge: (draft: D) => void): D {
    this.#drafts ??= new Map();
    if (!this.#drafts.has(owner)) {
      const draft = make();
      this.#drafts.set(owner, draft);
      this.after(() => merge(draft));
    }
    return this.#drafts.get(owner) as D;
  }

  commit(): void {
    for (const change of this.#changes) change();
  }
}
