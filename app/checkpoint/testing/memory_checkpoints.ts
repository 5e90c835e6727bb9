import type { CheckpointStore } from "../../checkpoints.ts";

/** Checkpoints in memory, for tests. They survive the objects that used them. */
export class MemoryCheckpoints implements CheckpointStore {
  readonly saved = new Map<string, Uint8Array>();

  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    await Promise.resolve();
    this.saved.set(name, bytes.slice());
    return true;
  }

  load(name: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.saved.get(name)?.slice());
  }
}
