import type { LinkObject, ObjectId } from "../../../../entities/object.ts";
import { MAX_HELD_OBJECTS } from "../limits.ts";

/** Bytes of an instruction's objects that a node caches until the next one: a ResNet-18 has 45 MB. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/**
 * Seconds to cache them without another instruction: enough for the rest of a phase on slower nodes, and not much
 * longer than the run.
 */
export const KEPT_SECONDS = 300;

/**
 * Cache of the last instruction's objects. The next instruction often contains the same model, such as a training
 * after an evaluation, and the reply may contain some of the objects. None of these need to be sent again.
 */
export class KeptObjects {
  readonly #maxBytes: number;
  #objects: ReadonlyMap<ObjectId, LinkObject> = new Map();
  #holds: readonly ObjectId[] = [];
  #keptAt = 0;

  /** @param maxBytes bytes of a message's objects that are cached */
  constructor(maxBytes: number = MAX_KEPT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Returns a cached object. Its bytes were checked against its id. */
  get(id: ObjectId): LinkObject | undefined {
    return this.#objects.get(id);
  }

  has(id: ObjectId): boolean {
    return this.#objects.has(id);
  }

  /** The cached records, each with all its descendants. */
  get holds(): readonly ObjectId[] {
    return this.#holds;
  }

  /**
   * Replaces the cache with the objects of a message, unless they are too large.
   *
   * @param messageId id of the message's own object
   * @param objects all its objects
   * @param now Unix time in seconds
   */
  keep(messageId: ObjectId, objects: ReadonlyMap<ObjectId, LinkObject>, now: number): void {
    this.#keptAt = now;
    const bytes = objects.values().reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#objects = bytes > this.#maxBytes ? new Map() : objects;
    const contents = this.#objects.get(messageId)?.children ?? [];
    const records = contents.flatMap((id) => this.#objects.get(id)?.children ?? []);
    this.#holds = [...new Set(records)].slice(0, MAX_HELD_OBJECTS);
  }

  /** Empties the cache after KEPT_SECONDS: the run has ended, or is too slow to profit. */
  expire(now: number): void {
    if (now - this.#keptAt < KEPT_SECONDS) return;
    this.#objects = new Map();
    this.#holds = [];
  }
}
