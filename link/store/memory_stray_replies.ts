import type { ObjectId } from "../../entities/object.ts";
import type { StrayReplyRecord, StrayReplyTable } from "../objects/stray_reply_table.ts";
import { mostUrgent } from "./due.ts";
import type { Journal } from "./journal.ts";

/** {@link StrayReplyTable} in memory, for one transaction. */
export class MemoryStrayReplies implements StrayReplyTable {
  readonly #replies: Map<ObjectId, StrayReplyRecord>;
  readonly #journal: Journal;

  constructor(replies: Map<ObjectId, StrayReplyRecord>, journal: Journal) {
    this.#replies = replies;
    this.#journal = journal;
  }

  get(objectId: ObjectId): Promise<StrayReplyRecord | undefined> {
    return Promise.resolve(this.#replies.get(objectId));
  }

  put(reply: StrayReplyRecord): Promise<void> {
    this.#journal.set(this.#replies, reply.objectId, reply);
    return Promise.resolve();
  }

  keep(most: number): Promise<void> {
    const excess = this.#replies.size - most;
    if (excess <= 0) return Promise.resolve();
    for (const { objectId } of mostUrgent(this.#replies.values(), Infinity, excess)) {
      this.#journal.delete(this.#replies, objectId);
    }
    return Promise.resolve();
  }

  due(now: number, limit: number): Promise<StrayReplyRecord[]> {
    return Promise.resolve(mostUrgent(this.#replies.values(), now, limit));
  }

  remove(objectId: ObjectId): Promise<void> {
    if (this.#replies.has(objectId)) this.#journal.delete(this.#replies, objectId);
    return Promise.resolve();
  }
}
