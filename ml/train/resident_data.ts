import type { Tensor } from "../../tensor/tensor.ts";
import { elementCount, tensor } from "../../tensor/tensor.ts";
import type { Engine } from "../engine/engine.ts";

/** Data sets that stay in the training thread's memory; of more, the one used longest ago goes. */
export const RESIDENT_DATASETS = 4;

/** Keeps the data sets used last in the engine's memory: each tensor goes there once, not with every call. */
export class ResidentData {
  readonly #engine: Engine;
  readonly #names = new Map<Tensor, string>();
  #count = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Makes sure that tensors are in the memory.
   *
   * @param tensors arrays [examples, …]; inputs are stored as [examples, features] when `flat`
   * @returns the names they have there, in order
   */
  async store(tensors: readonly { value: Tensor; flat: boolean }[]): Promise<string[]> {
    const names: string[] = [];
    for (const { value, flat } of tensors) {
      const known = this.#names.get(value);
      const name = known ?? `resident${this.#count++}`;
      if (known === undefined) {
        const rows = value.shape[0]!;
        const shape = flat ? [rows, elementCount(value.shape.slice(1))] : value.shape;
        await this.#engine.write([[name, tensor(value.dtype, shape, value.data)]]);
      }
      // The map's order is the order of last use.
      this.#names.delete(value);
      this.#names.set(value, name);
      names.push(name);
    }
    await this.#makeRoom();
    return names;
  }

  async #makeRoom(): Promise<void> {
    const excess = [...this.#names].slice(0, Math.max(0, this.#names.size - 2 * RESIDENT_DATASETS));
    for (const [value] of excess) this.#names.delete(value);
    if (excess.length > 0) await this.#engine.forget(excess.map(([, name]) => name));
  }
}
