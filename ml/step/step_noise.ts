import { CryptoEntropy, type Entropy } from "../../privacy/noise/entropy.ts";
import { forTestsSeededEntropy } from "../../privacy/noise/for_tests.ts";
import { drawGaussianNoise, float32Step } from "../../privacy/noise/gaussian.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { add, div, mul, round } from "../graph/elementwise.ts";
import { reshape, slice } from "../graph/movement.ts";
import type { Value } from "../graph/value.ts";
import type { DpSgd } from "./dp_sgd.ts";

/** What float32 arithmetic may add to a clipped gradient's norm, relative to it. */
const ROUNDING = 1e-5;

/** The source of a fit's batches and noise: cryptographic, unless a test gave a seed. */
export function entropyFor({ seedForTests }: DpSgd): Entropy {
  return seedForTests === undefined ? new CryptoEntropy() : forTestsSeededEntropy(seedForTests);
}

/** The noise in the sum of a step's gradients. */
export class StepNoise {
  readonly #deviation: number;
  readonly #step: number;

  /**
   * Determines the noise.
   *
   * @param numbers number of numbers of all parameters together
   */
  constructor({ clip, noiseMultiplier }: DpSgd, numbers: number) {
    this.#step = float32Step(noiseMultiplier * clip);
    // Rounding the sum to the noise's steps can move two sums apart, by a step in each number.
    const sensitivity = clip * (1 + ROUNDING) + this.#step * Math.sqrt(numbers);
    this.#deviation = noiseMultiplier * sensitivity;
  }

  /** Fills an array with the noise of one step. */
  draw(noise: Float32Array, entropy: Entropy): void {
    drawGaussianNoise(noise, this.#deviation, this.#step, entropy);
  }

  /**
   * Adds noise to sums, each of which is rounded to the noise's steps first.
   *
   * @param noise the noise of all sums one after the other
   */
  added(sums: readonly Value[], noise: Value): Value[] {
    let offset = 0;
    return sums.map((sum) => {
      const from = offset;
      offset += elementCount(sum.shape);
      const part = reshape(slice(noise, [from], [offset]), sum.shape);
      return add(mul(round(div(sum, this.#step)), this.#step), part);
    });
  }
}
