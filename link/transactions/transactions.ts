import { FlwrError } from "../../base/error.ts";
import type { Signals } from "./signals.ts";
import type { StoreTrouble } from "./store_trouble.ts";
import type { Topic } from "./wakes.ts";

/**
 * Kind of a transaction. A committed "durable" one survives a power failure, a "relaxed" one only a crash of the process.
 * If a relaxed transaction is lost, all later ones are lost, too. A "read-only" one sees everything that was committed
 * before it began, at one moment, and must not write. A store can run it at the same time as others.
 */
export type TransactionKind = "durable" | "relaxed" | "read-only";

/** A store that runs transactions over its tables. */
export interface TransactionStore<Tables> {
  /**
   * Whether several domains use the store at the same time. Then other transactions may commit between the reads of a
   * transaction and its `onCommit`, so a cache of what a transaction read proves nothing. Otherwise one transaction
   * begins after the `onCommit` of another, and this process has the store for itself until it closes it.
   */
  readonly isShared: boolean;
  /** Wake-ups to and from the other domains over this store. */
  readonly signals: Signals;
  /**
   * Runs `work` as one transaction: isolated and atomic. If `work` rejects, nothing is stored. `work` must await only
   * methods of the tables. The store may run it again after a failed attempt.
   *
   * @throws internal if a read-only transaction writes
   *
   * @param onCommit called once, when an attempt is committed; see {@link isShared}
   */
  transaction<T>(
    kind: TransactionKind,
    work: (tables: Tables) => Promise<T>,
    onCommit?: () => void,
  ): Promise<T>;
}

/**
 * Effects of one transaction attempt outside the store, applied when it is committed. Effects of a failed attempt are
 * discarded.
 */
export interface Effects<Event> {
  /** Reports an event. */
  emit(event: Event): void;
  /** Wakes the long polls on a topic. */
  wake(topic: Topic): void;
  /** Schedules the housekeeper for this Unix time in seconds. */
  due(at: number | undefined): void;
  /**
   * Changes state in memory at the commit. Changes run in the order of these calls. Unless the store is shared, they
   * run before another transaction begins.
   */
  after(change: () => void): void;
  /**
   * Undoes a change that the attempt has already made in memory, if the attempt fails: before the next attempt, or
   * before the transaction rejects. For amounts that the attempt takes from memory to store them, which no other
   * transaction may then take. The last change is undone first.
   */
  undo(revert: () => void): void;
  /**
   * Pending in-memory changes of `owner`, which the same attempt can read.
   *
   * @param make creates the draft, once in each attempt
   * @param merge applies the draft at the commit
   */
  draft<D>(owner: object, make: () => D, merge: (draft: D) => void): D;
}

/** Provides transactions over the tables that the caller uses. */
export interface Transacts<Tx, Event> {
  /**
   * Runs a transaction, then its effects. A failed transaction has no effects. A transaction that was committed but not
   * synced to disk has its effects, but rejects with {@link NotSynced}, because the caller must try again.
   *
   * @throws unavailable if the domain is closed
   */
  readonly transact: <T>(
    kind: TransactionKind,
    work: (tx: Tx, effects: Effects<Event>) => Promise<T>,
  ) => Promise<T>;
}

/**
 * Error of a transaction that was committed but not synced to disk. The caller should try again. Other calls already
 * see the changes, so the effects are applied.
 */
export class NotSynced extends FlwrError {
  /**
   * @param result the result of the transaction
   * @param error the error of the sync
   */
  constructor(readonly result: unknown, { message, hints, cause }: FlwrError) {
    super("unavailable", message, { hints, cause });
  }
}

/** Options of {@link transactions}. */
export interface TransactionsOptions<Tables, Tx, Event> {
  readonly store: TransactionStore<Tables>;
  /** Creates the transaction object of one attempt. */
  readonly open: (tables: Tables, effects: Effects<Event>) => Tx;
  /** What each attempt that may write does before its work; undefined if that is nothing. */
  readonly begin?: (tx: Tx, effects: Effects<Event>) => Promise<void> | undefined;
  /** Stores the events of an attempt that may write, after its work; default: they are only reported. */
  readonly record?: (tx: Tx, effects: Effects<Event>, events: readonly Event[]) => Promise<void>;
  readonly trouble: StoreTrouble;
  /** Aborted when the domain closes. */
  readonly closing: AbortSignal;
  readonly onEvent: (event: Event) => void;
  /** Called with the topics that a committed transaction woke, if there are any. */
  readonly onTopics: (topics: readonly Topic[]) => void;
  readonly onDue: (dueAt: number) => void;
}

/** Creates the domain's `transact` function. */
export function transactions<Tables, Tx, Event>(
  options: TransactionsOptions<Tables, Tx, Event>,
): Transacts<Tx, Event>["transact"] {
  const { store, open, trouble, closing } = options;
  return async (kind, work) => {
    requireOpen(closing);
    let effects: Attempt<Event> | undefined;
    let result: Awaited<ReturnType<typeof work>>;
    let notSynced: NotSynced | undefined;
    try {
      result = await store.transaction(
        kind,
        (tables) => {
          effects?.fail();
          const attempt = effects = new Attempt();
          const tx = open(tables, attempt);
          const begun = kind === "read-only" ? undefined : options.begin?.(tx, attempt);
          const done = begun === undefined
            ? work(tx, attempt)
            : begun.then(() => work(tx, attempt));
          const { record } = options;
          if (record === undefined || kind === "read-only") return done;
          return done.then(async (result) => {
            if (attempt.events.length > 0) await record(tx, attempt, attempt.events);
            return result;
          });
        },
        () => effects?.commit(),
      );
    } catch (error) {
      if (!closing.aborted) trouble.failed(error);
      if (!(error instanceof NotSynced)) {
        effects?.fail();
        throw error;
      }
      notSynced = error;
      result = error.result as typeof result;
    }
    // A relaxed transaction proves nothing, because many of them write nothing.
    if (kind === "durable" && notSynced === undefined) trouble.succeeded();
    const { dueAt = Infinity, topics, events = [] } = effects ?? {};
    if (dueAt < Infinity) options.onDue(dueAt);
    if (topics !== undefined && topics.size > 0) options.onTopics([...topics]);
    for (const event of events) options.onEvent(event);
    if (notSynced !== undefined) throw notSynced;
    return result;
  };
}

/** Error of a write in a read-only transaction. */
export function readOnlyError(): FlwrError {
  return new FlwrError("internal", "A read-only transaction tried to write");
}

/** @throws unavailable if the domain is closed */
export function requireOpen(closing: AbortSignal): void {
  if (closing.aborted) throw new FlwrError("unavailable", "The SuperLink is shutting down");
}

class Attempt<Event> implements Effects<Event> {
  readonly events: Event[] = [];
  readonly topics = new Set<Topic>();
  dueAt = Infinity;
  readonly #changes: (() => void)[] = [];
  #reverts: (() => void)[] = [];
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

  undo(revert: () => void): void {
    this.#reverts.push(revert);
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
    this.#reverts = [];
    for (const change of this.#changes) change();
  }

  /** Undoes the changes in memory, once. */
  fail(): void {
    for (const revert of this.#reverts.reverse()) revert();
    this.#reverts = [];
  }
}
