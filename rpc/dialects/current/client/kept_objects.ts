import type { LinkObject, ObjectId } from "../../../../entities/object.ts";
import { MAX_HELD_OBJECTS } from "../limits.ts";

/** Bytes of an instruction's objects that a node keeps until the next one: a ResNet-18 has 45 MB. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** Seconds for which it keeps them while no other comes: the rest of a phase on slower nodes, and no more of a run that ended. */
export const KEPT_SECONDS = 300;

/**
 * The objects of the last instruction. The next often has the same model, as the training after an evaluation, and the
 * reply may have some of them: neither has to travel once more.
 */
export class KeptObjects {
  #objects: ReadonlyMap<ObjectId, LinkObject> = new Map();
  #holds: readonly ObjectId[] = [];
  #keptAt = 0;

  /** An object that is kept. Its bytes were checked against its id. */
  get(id: ObjectId): LinkObject | undefined {
    return this.#objects.get(id);
  }

  has(id: ObjectId): boolean {
    return this.#objects.has(id);
  }

  /** The records among them, each of which is there with all that is below it. */
  get holds(): readonly ObjectId[] {
    return this.#holds;
  }

  /**
   * Keeps the objects of a message in the place of those before, where they are not too large.
   *
   * @param messageId the message's own object
   * @param objects all its objects
   * @param now Unix time in seconds
   */
  keep(messageId: ObjectId, objects: ReadonlyMap<ObjectId, LinkObject>, now: number): void {
    this.#keptAt = now;
    const bytes = objects.values().reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#objects = bytes > MAX_KEPT_BYTES ? new Map() : objects;
    const contents = this.#objects.get(messageId)?.children ?? [];
    const records = contents.flatMap((id) => this.#objects.get(id)?.children ?? []);
    this.#holds = [...new Set(records)].slice(0, MAX_HELD_OBJECTS);
  }

  /** Lets go of what has been kept for KEPT_SECONDS: its run is over, or slower than what keeping it saves. */
  expire(now: number): void {
    if (now - this.#keptAt < KEPT_SECONDS) return;
    this.#objects = new Map();
    this.#holds = [];
  }
}
