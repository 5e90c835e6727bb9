import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import type { DatasetParts } from "./dataset.ts";
import { exampleCount } from "./dataset.ts";
import { type LoadedProgram, programRun, storeData } from "./executor.ts";
import type { Fit } from "./fit.ts";
import type { FitMeter } from "./fit_meter.ts";
import type { Proximal } from "./fit_options.ts";
import { epochOrder } from "./permutation.ts";
import { NAMES, trainingProgram } from "./programs.ts";
import { runSteps } from "./step_loop.ts";
import type { StepRates } from "./step_rates.ts";
import { targetKey, targetSpecs } from "./target_spec.ts";

/** Trains epoch by epoch: full batches with one program, a smaller last batch with another. */
export class EpochTrainer {
  readonly #fit: Fit;
  readonly #meter: FitMeter;
  readonly #rates: StepRates;

  constructor(fit: Fit, meter: FitMeter, rates: StepRates) {
    this.#fit = fit;
    this.#meter = meter;
    this.#rates = rates;
  }

  /** Opens the program for a batch size, unless it is open. */
  open(batch: number): Promise<LoadedProgram> {
    const { executor, recipe, dataset, options } = this.#fit;
    const targets = targetSpecs(dataset);
    const variant = {
      batch,
      scheduled: options.schedule !== undefined,
      proximal: proximalOf(this.#fit).strength > 0,
      corrected: options.correction !== undefined,
      weighted: dataset.weights !== undefined,
    };
    return executor.program(
      ["train", targetKey(targets), ...Object.values(variant)].join(":"),
      (optimizations) => trainingProgram(recipe, targets, variant, optimizations),
    );
  }

  /**
   * Trains one epoch.
   *
   * @returns whether to continue: false if `onProgress` returned "stop"
   */
  async train(epoch: number): Promise<boolean> {
    const { batchSize, dataset, options, seed } = this.#fit;
    const order = epochOrder(exampleCount(dataset.x), options.shuffle ?? true, seed, epoch);
    const whole = order.length - order.length % batchSize;
    this.#meter.startEpoch();
    return await this.#trainOn(order.subarray(0, whole), batchSize, epoch) &&
      await this.#trainOn(order.subarray(whole), order.length - whole, epoch);
  }

  async #trainOn(order: Int32Array, batch: number, epoch: number): Promise<boolean> {
    if (order.length === 0) return true;
    const { executor, dataset, options } = this.#fit;
    const meter = this.#meter;
    const loaded = await this.open(batch);
    const data = await storeData(executor, dataset);
    const engine = await executor.engine();
    const stepsBefore = meter.steps;
    const rowsOf = (from: number, steps: number) =>
      order.subarray(from * batch, (from + steps) * batch);
    let going = true;
    await meter.timed(() =>
      runSteps({
        engine,
        length: loaded.length,
        steps: order.length / batch,
        signal: options.signal,
        run: (from, steps) =>
          programRun(loaded, data, [
            [NAMES.rows, tensor("int32", [steps, batch], rowsOf(from, steps))],
            ...this.#rates.inputs(stepsBefore + from + 1, steps),
          ]),
        onSlice: (from, _, [losses]) => {
          (losses!.data as Float32Array).forEach((loss, i) => {
            requireNumber(loss, epoch, meter.steps + 1, this.#rates);
            meter.addStep(loss, batch, weightOf(dataset, rowsOf(from + i, 1)));
          });
          going = going && options.onProgress?.(meter.progress()) !== "stop";
          return going;
        },
      })
    );
    return going;
  }
}

/** @throws FlwrError "failed-precondition" when a step's loss is NaN or infinite */
export function requireNumber(loss: number, epoch: number, step: number, rates: StepRates): void {
  if (Number.isFinite(loss)) return;
  throw new FlwrError(
    "failed-precondition",
    `The loss became ${loss} in step ${step} (epoch ${epoch}), learning rate ${rates.at(step)}`,
    { hints: ["Use a smaller learning rate", "Look for NaN or huge numbers in the data"] },
  );
}

/** The sum of the weights of some examples. */
export function weightOf({ weights }: DatasetParts, rows: Int32Array | readonly number[]): number {
  if (weights === undefined) return rows.length;
  let sum = 0;
  for (const row of rows) sum += Number(weights.data[row]);
  return sum;
}

/** The proximal term of a fit. */
export function proximalOf({ parameters, options: { proximal = 0 } }: Fit): Required<Proximal> {
  if (typeof proximal === "number") return { strength: proximal, to: parameters };
  return { strength: proximal.strength, to: proximal.to ?? parameters };
}
