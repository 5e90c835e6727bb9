import type { Effects } from "../transactions/transactions.ts";

/** Counts, in memory, the bytes that each push that waits for objects has brought since the service began. */
export class StagedBytes {
  readonly #bytes = new Map<string, number>();

  /** The bytes of a push, with those of this attempt. */
  of(effects: Effects<never>, sessionId: string): number {
    return (this.#bytes.get(sessionId) ?? 0) + (this.#draft(effects).get(sessionId) ?? 0);
  }

  add(effects: Effects<never>, sessionId: string, bytes: number): void {
    const draft = this.#draft(effects);
    draft.set(sessionId, (draft.get(sessionId) ?? 0) + bytes);
  }

  /** The push has ended. */
  forget(effects: Effects<never>, sessionId: string): void {
    // Its draft is made before this, so that nothing is counted after.
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
