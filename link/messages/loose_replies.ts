import type { LinkObject, ObjectId } from "./message.ts";

/** How many are remembered: a ServerApp asks for the objects of what it was told at once. */
const CAPACITY = 1000;

/**
 * The objects of errors that were told about instructions which the store does not know. There is no place for them
 * there, and they need none: who asks again after a restart is told anew.
 */
export class LooseReplies {
  readonly #objects = new Map<ObjectId, { object: LinkObject; runId: bigint }>();

  add(object: LinkObject, runId: bigint): void {
    this.#objects.delete(object.id);
    this.#objects.set(object.id, { object, runId });
    if (this.#objects.size > CAPACITY) this.#objects.delete(this.#objects.keys().next().value!);
  }

  get(id: ObjectId): { readonly object: LinkObject; readonly runId: bigint } | undefined {
    return this.#objects.get(id);
  }
}
