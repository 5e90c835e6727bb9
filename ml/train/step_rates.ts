import { FlwrError } from "../../base/error.ts";
import { mixBits } from "../../base/random.ts";
import { tensor } from "../../tensor/tensor.ts";
import type { NamedTensor } from "../engine/engine.ts";
import type { Fit } from "./fit.ts";
import { NAMES, scalarName } from "./programs.ts";

/**
 * Replaces a learning rate of 0: no weight changes with it, but a momentum that is stored times the rate is not lost.
 */
const MIN_LEARNING_RATE = 1e-30;

/** The inputs of each step that come from outside the graph: the optimiser's numbers, and the key of random numbers. */
export class StepRates {
  readonly #fit: Fit;
  readonly #rate: number;
  readonly #steps: number;

  /**
   * Prepares the numbers of a fit.
   *
   * @param steps number of steps of the fit
   */
  constructor(fit: Fit, steps: number) {
    this.#fit = fit;
    this.#rate = fit.options.learningRate ?? fit.recipe.optimizer.learningRate;
    this.#steps = steps;
  }

  /**
   * Learning rate of a step of this fit, from 1.
   *
   * @throws FlwrError "invalid-argument" when the schedule's factor is negative or NaN
   */
  at(step: number): number {
    const factor = this.#fit.options.schedule?.(step, this.#steps) ?? 1;
    if (!(factor >= 0 && Number.isFinite(factor))) {
      throw new FlwrError(
        "invalid-argument",
        `The schedule must give a number that is not negative: got ${factor} in step ${step}`,
      );
    }
    return Math.max(this.#rate * factor, MIN_LEARNING_RATE);
  }

  /** The inputs of steps first … first + count − 1, each [count]. A program ignores those that it does not have. */
  inputs(first: number, count: number): NamedTensor[] {
    const steps = Array.from({ length: count }, (_, i) => first + i);
    return this.inputsOf(steps, steps);
  }

  /**
   * The inputs of parts of steps, each [parts].
   *
   * @param steps the step of each part, from 1
   * @param parts the number of each part in the fit, from 1, which determines its random numbers
   */
  inputsOf(steps: readonly number[], parts: readonly number[]): NamedTensor[] {
    const { recipe: { optimizer }, memory, seed } = this.#fit;
    const count = steps.length;
    const perStep = steps.map((step, i) => {
      return {
        scalars: optimizer.scalars((memory?.steps ?? 0) + step, this.at(step)),
        ratio: step === 1 ? 1 : this.at(step) / this.at(step - 1),
        key: mixBits(mixBits(seed) ^ parts[i]!),
      };
    });
    const floats = (numbers: number[]) => tensor("float32", [count], Float32Array.from(numbers));
    return [
      ...perStep[0]!.scalars.map((_, k): NamedTensor => [
        scalarName(k),
        floats(perStep.map(({ scalars }) => scalars[k]!)),
      ]),
      [NAMES.rateRatio, floats(perStep.map(({ ratio }) => ratio))],
      [
        NAMES.randomKey,
        tensor("uint32", [count], Uint32Array.from(perStep, ({ key }) => key)),
      ],
    ];
  }
}
