import type { Effects } from "../transactions/transactions.ts";
import type { PushRecord } from "./push_table.ts";

/** Part of limits.maxOpenPushBytes that a push may have stored before its count is stored. */
const UNSAVED_PART = 1 / 1024;

/**
 * Counts the bytes that open pushes have stored, as far as the store does not have them yet. The store gets them with
 * the push's due time, about once a second, because a write for each object would be slow, and otherwise when they are
 * {@link UNSAVED_PART} of the limit. So after a crash, or to another SuperLink, that much of a push is unknown.
 */
export class StagedBytes {
  readonly #unsaved = new Map<string, number>();

  /** The pushes with bytes that the store does not have. */
  sessions(): string[] {
    return [...this.#unsaved.keys()];
  }

  /** All bytes of a push, including those of the current transaction attempt. */
  of(effects: Effects<never>, { sessionId, stagedBytes }: PushRecord): number {
    return stagedBytes + (this.#unsaved.get(sessionId) ?? 0) +
      (this.#draft(effects).get(sessionId) ?? 0);
  }

  add(effects: Effects<never>, sessionId: string, bytes: number): void {
    const draft = this.#draft(effects);
    draft.set(sessionId, (draft.get(sessionId) ?? 0) + bytes);
  }

  /** Whether the push must be stored now, although its due time need not. @param most limits.maxOpenPushBytes */
  isMuch(effects: Effects<never>, push: PushRecord, most: number): boolean {
    return this.of(effects, push) - push.stagedBytes >= most * UNSAVED_PART;
  }

  /** The push with all its bytes, to be stored. Takes them from memory at once, so that they are stored once. */
  saved(effects: Effects<never>, push: PushRecord): PushRecord {
    const { sessionId } = push;
    const stagedBytes = this.of(effects, push);
    const unsaved = this.#unsaved.get(sessionId);
    if (unsaved !== undefined) {
      this.#unsaved.delete(sessionId);
      effects.undo(() => this.#merge(sessionId, unsaved));
    }
    this.#draft(effects).delete(sessionId);
    return { ...push, stagedBytes };
  }

  /** Removes the count of a push that has ended. */
  forget(effects: Effects<never>, sessionId: string): void {
    // Creates the draft first: effects run in order, so the draft is merged before the count is deleted.
    this.#draft(effects);
    effects.after(() => this.#unsaved.delete(sessionId));
  }

  #draft(effects: Effects<never>): Map<string, number> {
    return effects.draft(this, () => new Map<string, number>(), (draft) => {
      for (const [sessionId, bytes] of draft) this.#merge(sessionId, bytes);
    });
  }

  #merge(sessionId: string, bytes: number): void {
    this.#unsaved.set(sessionId, (this.#unsaved.get(sessionId) ?? 0) + bytes);
  }
}
