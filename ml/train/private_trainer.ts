import { tensor, zeros } from "../../tensor/tensor.ts";
import { poissonBatch, rowsPerPass } from "../step/poisson.ts";
import type { DpSgd, FitPrivacy } from "../step/dp_sgd.ts";
import { FitLoss } from "../step/privacy_loss.ts";
import { entropyFor, StepNoise } from "../step/step_noise.ts";
import { exampleCount } from "./dataset.ts";
import { proximalOf, requireNumber, weightOf } from "./epoch_trainer.ts";
import { type LoadedProgram, programRun, storeData } from "./executor.ts";
import type { Fit } from "./fit.ts";
import type { FitMeter } from "./fit_meter.ts";
import { numberCount, passRows, privateProgram, sumName } from "./private_program.ts";
import { NAMES } from "./programs.ts";
import type { SliceLength } from "./slices.ts";
import { runSteps } from "./step_loop.ts";
import type { StepRates } from "./step_rates.ts";
import { targetKey, targetSpecs } from "./target_spec.ts";

/** Most bytes of noise in one call to the engine. */
const MOST_NOISE_BYTES = 2 ** 24;

/** A part of a step: some of its batch's examples. */
interface Pass {
  /** Positions of the examples. */
  readonly rows: readonly number[];
  /** Number of the step in the fit, from 1. */
  readonly step: number;
  /** Whether it is the step's last pass. */
  readonly last: boolean;
}

/** Trains with differential privacy: random batches, clipped gradients and noise. */
export class PrivateTrainer {
  readonly #fit: Fit;
  readonly #settings: DpSgd;
  readonly #meter: FitMeter;
  readonly #rates: StepRates;
  readonly #loss: FitLoss;
  readonly #entropy;
  readonly #numbers: number;
  readonly #noise: StepNoise;
  readonly #stepsPerEpoch: number;
  /** Steps and passes so far, in all epochs. */
  #steps = 0;
  #passes = 0;
  #spent = 0;
  #loaded?: Promise<{ loaded: LoadedProgram; rows: number }>;

  /** @throws FlwrError as {@link FitLoss} does, when the fit would exceed a privacy budget */
  constructor(fit: Fit, settings: DpSgd, meter: FitMeter, rates: StepRates) {
    const examples = exampleCount(fit.dataset.x);
    const trained = fit.variables.filter((variable) => variable.trained);
    this.#fit = fit;
    this.#settings = settings;
    this.#meter = meter;
    this.#rates = rates;
    this.#stepsPerEpoch = Math.ceil(examples / fit.batchSize);
    const steps = this.#stepsPerEpoch * (fit.options.epochs ?? 1);
    this.#loss = new FitLoss(settings, examples, fit.batchSize, steps);
    this.#entropy = entropyFor(settings);
    this.#numbers = numberCount(trained);
    this.#noise = new StepNoise(settings, this.#numbers);
  }

  /**
   * Opens the program, unless it is open.
   *
   * @throws FlwrError "invalid-argument" when a layer mixes examples
   */
  open(): Promise<{ loaded: LoadedProgram; rows: number }> {
    this.#loaded ??= this.#open();
    return this.#loaded;
  }

  async #open(): Promise<{ loaded: LoadedProgram; rows: number }> {
    const { executor, recipe, dataset, options, batchSize } = this.#fit;
    const targets = targetSpecs(dataset);
    const wanted = {
      batch: rowsPerPass(exampleCount(dataset.x), batchSize),
      scheduled: options.schedule !== undefined,
      proximal: proximalOf(this.#fit).strength > 0,
      corrected: options.correction !== undefined,
      weighted: dataset.weights !== undefined,
      expected: batchSize,
      settings: this.#settings,
    };
    const rows = passRows(recipe, targets, wanted);
    const variant = { ...wanted, batch: rows };
    const { settings: { clip, noiseMultiplier }, ...rest } = variant;
    const key = ["private", targetKey(targets), ...Object.values(rest), clip, noiseMultiplier];
    const build = () => privateProgram(recipe, targets, variant);
    const loaded = await executor.program(key.join(":"), build);
    await executor.write(
      this.#fit.variables.filter(({ trained }) => trained)
        .map(({ name, value }) => [sumName(name), zeros("float32", value.shape)]),
    );
    return { loaded, rows };
  }

  /**
   * Trains for as many steps as an epoch of whole batches has.
   *
   * @returns whether to continue: false if `onProgress` returned "stop"
   */
  async train(epoch: number): Promise<boolean> {
    const { executor, dataset, options } = this.#fit;
    const { loaded, rows } = await this.open();
    const passes = this.#drawPasses(rows);
    const data = await storeData(executor, dataset);
    const engine = await executor.engine();
    const meter = this.#meter;
    const passesBefore = this.#passes;
    let going = true;
    let sum = 0;
    let seen: number[] = [];
    meter.startEpoch();
    await meter.timed(() =>
      runSteps({
        engine,
        length: this.#bounded(loaded.length),
        steps: passes.length,
        signal: options.signal,
        run: (from, count) => {
          const some = passes.slice(from, from + count);
          return programRun(loaded, data, this.#inputs(some, rows, passesBefore + from + 1));
        },
        onSlice: (from, _, [losses]) => {
          (losses!.data as Float32Array).forEach((loss, i) => {
            const pass = passes[from + i]!;
            requireNumber(loss, epoch, pass.step, this.#rates);
            sum += loss;
            seen.push(...pass.rows);
            if (!pass.last) return;
            meter.addStep(
              seen.length === 0 ? 0 : sum / seen.length,
              seen.length,
              weightOf(dataset, seen),
            );
            [sum, seen] = [0, []];
          });
          going = going && options.onProgress?.(meter.progress()) !== "stop";
          return going;
        },
      })
    );
    this.#passes += passes.length;
    return going;
  }

  /** Counts the steps since the last call. A fit that failed or was cancelled is counted too. */
  spend(): void {
    this.#loss.spend(this.#meter.steps - this.#spent);
    this.#spent = this.#meter.steps;
  }

  /** The privacy loss so far. */
  report(): FitPrivacy {
    return this.#loss.report(this.#meter.steps);
  }

  /** The passes of an epoch. A batch without examples has one pass too: its noise is released like any other. */
  #drawPasses(rows: number): Pass[] {
    const { dataset, batchSize } = this.#fit;
    const examples = exampleCount(dataset.x);
    return Array.from({ length: this.#stepsPerEpoch }, () => {
      const step = ++this.#steps;
      const batch = poissonBatch(examples, batchSize / examples, this.#entropy);
      const passes = Math.max(1, Math.ceil(batch.length / rows));
      return Array.from({ length: passes }, (_, i) => ({
        rows: batch.slice(i * rows, (i + 1) * rows),
        step,
        last: i === passes - 1,
      }));
    }).flat();
  }

  /** The inputs of some passes, of which the first one has a number in the fit, from 1. */
  #inputs(passes: readonly Pass[], rows: number, first: number) {
    const count = passes.length;
    const numbers = this.#numbers;
    const chosen = new Int32Array(count * rows);
    const mask = new Float32Array(count * rows);
    const noise = new Float32Array(this.#settings.noiseMultiplier > 0 ? count * numbers : 0);
    passes.forEach((pass, i) => {
      // Rows beyond the batch repeat one of its examples, without weight.
      chosen.fill(pass.rows[0] ?? 0, i * rows, (i + 1) * rows);
      chosen.set(pass.rows, i * rows);
      mask.fill(1, i * rows, i * rows + pass.rows.length);
      if (!pass.last || noise.length === 0) return;
      this.#noise.draw(noise.subarray(i * numbers, (i + 1) * numbers), this.#entropy);
    });
    const last = Float32Array.from(passes, (pass) => Number(pass.last));
    const scanned = [
      [NAMES.rows, tensor("int32", [count, rows], chosen)],
      [NAMES.mask, tensor("float32", [count, rows], mask)],
      [NAMES.last, tensor("float32", [count], last)],
    ] as const;
    return [
      ...scanned,
      ...(noise.length === 0
        ? []
        : [[NAMES.noise, tensor("float32", [count, numbers], noise)] as const]),
      ...this.#rates.inputsOf(passes.map(({ step }) => step), passes.map((_, i) => first + i)),
    ];
  }

  /** Limits the memory for the noise. */
  #bounded(length: SliceLength) {
    const most = Math.max(1, Math.floor(MOST_NOISE_BYTES / (4 * this.#numbers)));
    return {
      get steps() {
        return Math.min(most, length.steps);
      },
      get inFlight() {
        return length.inFlight;
      },
      observe: (steps: number, seconds: number) => length.observe(steps, seconds),
    };
  }
}
