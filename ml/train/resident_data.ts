import type { Tensor } from "../../tensor/tensor.ts";
import { elementCount, tensor } from "../../tensor/tensor.ts";
import type { Engine, NamedTensor } from "../engine/engine.ts";

/** Number of data sets that stay in the training thread's memory; beyond it, the least recently used one is removed. */
export const RESIDENT_DATASETS = 4;

/**
 * Keeps recently used data sets in the engine's memory, so that each tensor is copied there once instead of with each
 * call.
 */
export class ResidentData {
  readonly #engine: Engine;
  readonly #names = new Map<Tensor, string>();
  #count = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Stores tensors in the memory unless they are there.
   *
   * @param tensors arrays [examples, …]; if `flat`, an array is stored as [examples, features]
   * @returns their names in the memory, in order
   */
  async store(tensors: readonly { value: Tensor; flat: boolean }[]): Promise<string[]> {
    const names: string[] = [];
    const fresh: (readonly [Tensor, NamedTensor])[] = [];
    for (const { value, flat } of tensors) {
      const known = this.#names.get(value);
      const name = known ?? `resident${this.#count++}`;
      if (known === undefined) {
        const rows = value.shape[0]!;
        const shape = flat ? [rows, elementCount(value.shape.slice(1))] : value.shape;
        fresh.push([value, [name, tensor(value.dtype, shape, value.data)]]);
      }
      // The order of the map is the order of last use.
      this.#names.delete(value);
      this.#names.set(value, name);
      names.push(name);
    }
    // Sent together, because each wait for the training thread takes as long as a step of a small network.
    const calls = [this.#makeRoom()];
    if (fresh.length > 0) calls.push(this.#engine.write(fresh.map(([, named]) => named)));
    await Promise.all(calls).catch(async (error) => {
      for (const [value] of fresh) this.#names.delete(value);
      // Some may have been stored, and count.
      await this.#engine.forget(fresh.map(([, [name]]) => name)).catch(() => {});
      throw error;
    });
    return names;
  }

  async #makeRoom(): Promise<void> {
    const excess = [...this.#names].slice(0, Math.max(0, this.#names.size - 2 * RESIDENT_DATASETS));
    for (const [value] of excess) this.#names.delete(value);
    if (excess.length > 0) await this.#engine.forget(excess.map(([, name]) => name));
  }
}
