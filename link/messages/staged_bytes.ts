import type { Effects } from "../transactions/transactions.ts";

/** Counts the bytes that each open push has stored since the process started. Kept in memory only. */
export class StagedBytes {
  readonly #bytes = new Map<string, number>();

  /** The bytes of a push, including those of the current transaction attempt. */
  of(effects: Effects<never>, sessionId: string): number {
    return (this.#bytes.get(sessionId) ?? 0) + (this.#draft(effects).get(sessionId) ?? 0);
  }

  add(effects: Effects<never>, sessionId: string, bytes: number): void {
    const draft = this.#draft(effects);
    draft.set(sessionId, (draft.get(sessionId) ?? 0) + bytes);
  }

  /** Removes the count of a push that has ended. */
  forget(effects: Effects<never>, sessionId: string): void {
    // Creates the draft first: effects run in order, so the draft is merged before the count is deleted.
    this.#draft(effects);
    effects.after(() => this.#bytes.delete(sessionId));
  }

  #draft(effects: Effects<never>): Map<string, number> {
    return effects.draft(this, () => new Map<string, number>(), (draft) => {
      for (const [sessionId, bytes] of draft) {
        this.#bytes.set(sessionId, (this.#bytes.get(sessionId) ?? 0) + bytes);
      }
    });
  }
}
