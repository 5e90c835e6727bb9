import { gaussianStep } from "../../privacy/noise/gaussian.ts";
import { toGrid } from "../../privacy/noise/grid.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { addUpdate, clipTo, type ModelUpdate, normOf, updateOf } from "./model_update.ts";
import type { NoiseSource } from "./noise_source.ts";

/** What a {@link PrivateMean} is made with. */
export interface PrivateMeanOptions {
  /** C: an update counts with at most this norm. Above 0. */
  readonly clippingNorm: number;
  /** z: the noise's standard deviation ÷ C. From 0. */
  readonly noiseMultiplier: number;
  /** n: the sum is divided by this number, however many updates there are. */
  readonly divisor: number;
}

/**
 * The mean of clipped updates with Gaussian noise, for one release (McMahan et al., 2018, arXiv:1710.06963, fixed-denominator
 * estimator): sent + (Σ wᵢ·clip(uᵢ) + N(0, (z·C)²)) / n, with each wᵢ at most 1.
 *
 * One node changes the sum by at most C, whoever else takes part. Each update is rounded to the noise's grid before it is
 * added, so that the sum is exact, and the order of the replies cannot be read from its low bits.
 */
export class PrivateMean {
  readonly #sent: ReadonlyMap<string, Tensor>;
  readonly #options: PrivateMeanOptions;
  readonly #sum: ModelUpdate;
  readonly #step: number;

  /** @param sent the global model, of floating-point arrays */
  constructor(sent: ReadonlyMap<string, Tensor>, options: PrivateMeanOptions) {
    this.#sent = sent;
    this.#options = options;
    this.#sum = new Map([...sent].map(([name, { data }]) => [name, new Float64Array(data.length)]));
    const deviation = options.noiseMultiplier * options.clippingNorm;
    this.#step = gaussianStep(deviation > 0 ? deviation : options.clippingNorm);
  }

  /**
   * Adds a node's update.
   *
   * @param trained the node's model, finite and with the names and shapes of the one sent
   * @param weight 0 to 1
   * @returns the norm of the update before it was clipped
   */
  add(trained: ReadonlyMap<string, Tensor>, weight = 1): number {
    const update = updateOf(this.#sent, trained);
    const norm = normOf(update, "l2");
    clipTo(update, this.#options.clippingNorm, norm);
    for (const [name, values] of update) {
      const sum = this.#sum.get(name)!;
      for (let i = 0; i < sum.length; i++) sum[i]! += toGrid(weight * values[i]!, this.#step);
    }
    return norm;
  }

  /** Adds the noise, and returns the mean as a model in the types of the one sent. Call it once. */
  release(noise: NoiseSource): Map<string, Tensor> {
    const { noiseMultiplier, clippingNorm, divisor } = this.#options;
    for (const values of this.#sum.values()) {
      noise.gaussian(values, noiseMultiplier * clippingNorm);
      for (let i = 0; i < values.length; i++) values[i]! /= divisor;
    }
    return addUpdate(this.#sent, this.#sum);
  }
}
