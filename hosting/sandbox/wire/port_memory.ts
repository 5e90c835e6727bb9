import type { GivenMemory, SharedMemory } from "../../../base/shared_memory.ts";
import type { NodeThreadEvent } from "./protocol.ts";

/** The memory that a thread of virtual nodes shares with others, which it asks for over its port. */
export class PortMemory implements SharedMemory {
  readonly #tell: (event: NodeThreadEvent) => void;
  readonly #asked = new Map<string, PromiseWithResolvers<GivenMemory>[]>();

  /** @param tell sends an event to the ServerApp's thread */
  constructor(tell: (event: NodeThreadEvent) => void) {
    this.#tell = tell;
  }

  ask(key: string, bytes: number): Promise<GivenMemory> {
    const asked = Promise.withResolvers<GivenMemory>();
    const others = this.#asked.get(key);
    if (others !== undefined) others.push(asked);
    else {
      this.#asked.set(key, [asked]);
      this.#tell({ kind: "ask-memory", key, bytes });
    }
    return asked.promise;
  }

  filled(key: string, isFilled: boolean): void {
    this.#tell({ kind: "filled-memory", key, isFilled });
  }

  /** Takes the answer to {@link ask}. */
  given(key: string, given: GivenMemory): void {
    const [first, ...others] = this.#asked.get(key) ?? [];
    this.#asked.delete(key);
    first?.resolve(given);
    // Of several calls in this thread, one writes. The others ask again, and get it when it is written.
    for (const other of others) {
      if (given.fills && given.memory !== undefined) {
        this.ask(key, given.memory.byteLength).then(other.resolve);
      } else other.resolve(given);
    }
  }
}
