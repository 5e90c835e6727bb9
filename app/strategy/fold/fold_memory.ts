import { FlwrError } from "../../../base/error.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { elementCount } from "../../../tensor/tensor.ts";
import { zerosInNpy } from "../../../tensor/npy.ts";
import { averagedDType } from "../arrays/weighted_average.ts";
import type { Tensors } from "../round/round.ts";
import { BinnedSum } from "./binned_sum.ts";

/** Places of the words at the beginning of the memory. */
const STATE = 0;
const COUNT = 1;
const HEADER_BYTES = 8;

/** States of the memory. Only one thread adds to it; another one closes it. */
const OPEN = 0;
const ADDING = 1;
const CLOSED = 2;

/** Milliseconds that closing waits for a reply that is being added. */
const CLOSE_MILLISECONDS = 60_000;

/**
 * The weighted sum of models, and the sum of their weights, in memory that two threads share. One adds to it. The other
 * closes it and reads the sums, so that nothing has to be sent, and a thread that crashes later takes nothing with it.
 */
export class FoldMemory {
  readonly memory: SharedArrayBuffer;
  readonly #sent: Tensors;
  readonly #words: Int32Array;
  readonly #sums = new Map<string, BinnedSum>();
  readonly #total: BinnedSum;

  /**
   * Takes new memory, or joins that of another thread.
   *
   * @param sent determines names and shapes of the arrays
   */
  constructor(
    sent: Tensors,
    memory: SharedArrayBuffer = new SharedArrayBuffer(bytesOf(sent)),
  ) {
    this.memory = memory;
    this.#sent = sent;
    this.#words = new Int32Array(memory, 0, HEADER_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.#total = new BinnedSum(1, memory, HEADER_BYTES);
    let offset = HEADER_BYTES + BinnedSum.bytes(1);
    for (const [name, { shape }] of sent) {
      const length = elementCount(shape);
      this.#sums.set(name, new BinnedSum(length, memory, offset));
      offset += BinnedSum.bytes(length);
    }
  }

  /** Number of models that were added. */
  get count(): number {
    return Atomics.load(this.#words, COUNT);
  }

  /** Adds a model. @returns false if the memory is closed */
  add(tensors: Tensors, weight: number): boolean {
    if (Atomics.compareExchange(this.#words, STATE, OPEN, ADDING) !== OPEN) return false;
    this.#total.add(Float64Array.of(1), weight);
    // Other models count, but not in the mean: 0 · Infinity would be NaN.
    if (weight > 0) {
      for (const [name, { data }] of tensors) this.#sums.get(name)!.add(data, weight);
    }
    Atomics.add(this.#words, COUNT, 1);
    Atomics.store(this.#words, STATE, OPEN);
    Atomics.notify(this.#words, STATE);
    return true;
  }

  /**
   * Ends the sum. A model that is being added is waited for.
   *
   * @param milliseconds the longest wait
   * @throws FlwrError "internal" when the other thread ended while it added a model
   */
  close(milliseconds: number = CLOSE_MILLISECONDS): void {
    const words = this.#words;
    while (Atomics.compareExchange(words, STATE, OPEN, CLOSED) === ADDING) {
      if (Atomics.wait(words, STATE, ADDING, milliseconds) !== "timed-out") continue;
      throw new FlwrError("internal", "A thread of simulated nodes ended while it added a reply");
    }
  }

  /** Adds the models of another memory to this one. Both must be closed. */
  merge(other: FoldMemory): void {
    this.#total.merge(other.#total);
    for (const [name, sum] of this.#sums) sum.merge(other.#sums.get(name)!);
    Atomics.add(this.#words, COUNT, other.count);
  }

  /** The weighted mean of all models, in the types of an average; no arrays if all weights are 0. */
  mean(): Map<string, Tensor> {
    const total = new Float64Array(1);
    this.#total.divide(1, total);
    const arrays = new Map<string, Tensor>();
    if (!(total[0]! > 0)) return arrays;
    for (const [name, { dtype, shape }] of this.#sent) {
      const mean = zerosInNpy(averagedDType(dtype, shape.length), shape);
      this.#sums.get(name)!.divide(total[0]!, mean.data as Float64Array);
      arrays.set(name, mean);
    }
    return arrays;
  }
}

function bytesOf(sent: Tensors): number {
  let bytes = HEADER_BYTES + BinnedSum.bytes(1);
  for (const { shape } of sent.values()) bytes += BinnedSum.bytes(elementCount(shape));
  return bytes;
}
