import { gaussianStep } from "../../privacy/noise/gaussian.ts";
import type { TypedArray } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { addUpdate, type ModelUpdate } from "./model_update.ts";
import type { NoiseSource } from "./noise_source.ts";

/** Options of a {@link PrivateMean}. */
export interface PrivateMeanOptions {
  /** C: an update counts with at most this norm. Above 0. */
  readonly clippingNorm: number;
  /** z: the noise's standard deviation ÷ C. From 0. */
  readonly noiseMultiplier: number;
  /** n: the sum is divided by this number, whatever the number of updates. */
  readonly divisor: number;
}

/**
 * The mean of clipped updates with Gaussian noise, for one release (McMahan et al., 2018, arXiv:1710.06963, fixed-denominator
 * estimator): sent + (Σ wᵢ·clip(uᵢ) + N(0, (z·C)²)) / n, with each wᵢ at most 1.
 *
 * One node changes the sum by at most C, independently of the other nodes. Each update is rounded to the noise's grid
 * before it is added. So the sum is exact, and its low bits do not reveal the order of the replies.
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
   * @param trained the node's model: finite, with the shapes of the model sent, and all or some of its arrays
   * @param weight 0 to 1
   * @returns the norm of the update before it was clipped
   */
  add(trained: ReadonlyMap<string, Tensor>, weight = 1): number {
    const { clippingNorm } = this.#options;
    let squares = 0;
    for (const [name, { data }] of trained) {
      squares += squaredDistance(this.#sent.get(name)!.data, data);
    }
    const norm = Math.sqrt(squares);
    const factor = weight * (norm <= clippingNorm ? 1 : clippingNorm / norm);
    // An update whose norm exceeds double precision counts as 0: 0 · Infinity would be NaN.
    if (factor === 0) return norm;
    for (const [name, { data }] of trained) {
      addOnGrid(this.#sum.get(name)!, this.#sent.get(name)!.data, data, factor, this.#step);
    }
    return norm;
  }

  /** Adds the noise, and returns the mean as a model with the types of the model sent. Call it once. */
  release(noise: NoiseSource): Map<string, Tensor> {
    return this.releaseBy((sum, deviation) => {
      for (const values of sum) noise.gaussian(values, deviation);
    });
  }

  /** Like {@link release}, with noise that is added to all arrays together. */
  releaseBy(
    addNoise: (sum: readonly Float64Array[], deviation: number) => void,
  ): Map<string, Tensor> {
    const { noiseMultiplier, clippingNorm, divisor } = this.#options;
    const sum = [...this.#sum.values()];
    addNoise(sum, noiseMultiplier * clippingNorm);
    for (const values of sum) for (let i = 0; i < values.length; i++) values[i]! /= divisor;
    return addUpdate(this.#sent, this.#sum);
  }
}

function squaredDistance(sent: TypedArray, own: TypedArray): number {
  let sum = 0;
  if (sent instanceof Float32Array && own instanceof Float32Array) {
    for (let i = 0; i < sent.length; i++) sum += (own[i]! - sent[i]!) ** 2;
  } else {
    for (let i = 0; i < sent.length; i++) sum += (Number(own[i]!) - Number(sent[i]!)) ** 2;
  }
  return sum;
}

/** Adds factor · (own − sent), each rounded to a multiple of `step`, a power of two. */
function addOnGrid(
  sum: Float64Array,
  sent: TypedArray,
  own: TypedArray,
  factor: number,
  step: number,
): void {
  // Above 2⁵² steps, doubles have no digits below a step. So adding and subtracting this number rounds to the grid.
  const round = 1.5 * 2 ** 52 * step;
  if (sent instanceof Float32Array && own instanceof Float32Array) {
    for (let i = 0; i < sum.length; i++) sum[i]! += factor * (own[i]! - sent[i]!) + round - round;
    return;
  }
  for (let i = 0; i < sum.length; i++) {
    sum[i]! += factor * (Number(own[i]!) - Number(sent[i]!)) + round - round;
  }
}
