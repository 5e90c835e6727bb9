import type { GivenMemory } from "../../base/shared_memory.ts";

/** A thread that has asked for memory. */
export interface MemoryUser {
  /** Gets the memory of a key. */
  give(key: string, given: GivenMemory): void;
}

/** The memory of a key. */
interface Entry {
  readonly memory: SharedArrayBuffer;
  /** The thread that writes the data; undefined when they are there. */
  filler: MemoryUser | undefined;
  readonly waiting: Set<MemoryUser>;
}

/** The memory that threads share for data, by key. It lasts as long as the simulation. */
export class SharedMemories {
  readonly #entries = new Map<string, Entry>();

  /** Gives a thread the memory of a key: at once to the first, which writes it, and to the others when it is written. */
  ask(user: MemoryUser, key: string, bytes: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      const memory = allocated(bytes);
      if (memory === undefined) return user.give(key, { memory, fills: true });
      this.#entries.set(key, { memory, filler: user, waiting: new Set() });
      return user.give(key, { memory, fills: true });
    }
    // The thread that writes may ask once more.
    if (entry.filler !== undefined) entry.waiting.add(user);
    else user.give(key, { memory: entry.memory, fills: false });
  }

  /** Notes that a thread has written the memory of a key, or could not: then the next one that waits does. */
  filled(user: MemoryUser, key: string, isFilled: boolean): void {
    const entry = this.#entries.get(key);
    if (entry?.filler !== user) return;
    if (isFilled) {
      entry.filler = undefined;
      for (const other of entry.waiting) other.give(key, { memory: entry.memory, fills: false });
      entry.waiting.clear();
      return;
    }
    const [next] = entry.waiting;
    if (next === undefined) {
      this.#entries.delete(key);
      return;
    }
    entry.filler = next;
    entry.waiting.delete(next);
    next.give(key, { memory: entry.memory, fills: true });
  }

  /** Forgets a thread that has ended. */
  ended(user: MemoryUser): void {
    for (const [key, entry] of [...this.#entries]) {
      entry.waiting.delete(user);
      this.filled(user, key, false);
    }
  }
}

function allocated(bytes: number): SharedArrayBuffer | undefined {
  try {
    return new SharedArrayBuffer(bytes);
  } catch {
    return undefined; // The thread reads the data into memory of its own, and fails there if it must.
  }
}
