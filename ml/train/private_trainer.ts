import { FlwrError } from "../../base/error.ts";
import { tensor, zeros } from "../../tensor/tensor.ts";
import { mostRowsPerPass, passesOf, poissonBatch, rowsPerPass } from "../step/poisson.ts";
import type { DpSgd, FitPrivacy } from "../step/dp_sgd.ts";
import { FitPrivacyLoss } from "../step/privacy_loss.ts";
import { entropyFor, StepNoise } from "../step/step_noise.ts";
import type { Optimizations } from "../lower/passes.ts";
import { exampleCount } from "./dataset.ts";
import { proximalOf, requireNumber, weightOf } from "./epoch_trainer.ts";
import { type LoadedProgram, programRun, storeData } from "./executor.ts";
import type { Fit } from "./fit.ts";
import type { FitMeter } from "./fit_meter.ts";
import {
  numberCount,
  type PassRows,
  passRows,
  privateProgram,
  sumName,
} from "./private_program.ts";
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

/** A program that is open, and how its passes are fed. */
interface Opened {
  readonly loaded: LoadedProgram;
  readonly rows: PassRows;
}

/** Trains with differential privacy: random batches, clipped gradients and noise. */
export class PrivateTrainer {
  readonly #fit: Fit;
  readonly #settings: DpSgd;
  readonly #meter: FitMeter;
  readonly #rates: StepRates;
  readonly #loss: FitPrivacyLoss;
  readonly #entropy;
  readonly #numbers: number;
  readonly #noise: StepNoise;
  readonly #stepsPerEpoch: number;
  /** Steps and passes so far, in all epochs. */
  #steps = 0;
  #passes = 0;
  #spent = 0;
  /** The noise of the next pass, if it was drawn while another one ran. */
  #ahead?: { readonly pass: Pass; readonly noise: Float32Array };

  /** @throws FlwrError as {@link FitPrivacyLoss} does, when the fit would exceed a privacy budget */
  constructor(fit: Fit, settings: DpSgd, meter: FitMeter, rates: StepRates) {
    const examples = exampleCount(fit.dataset.x);
    const trained = fit.variables.filter((variable) => variable.trained);
    this.#fit = fit;
    this.#settings = settings;
    this.#meter = meter;
    this.#rates = rates;
    this.#stepsPerEpoch = Math.ceil(examples / fit.batchSize);
    const steps = this.#stepsPerEpoch * (fit.options.epochs ?? 1);
    this.#loss = new FitPrivacyLoss(settings, examples, fit.batchSize, steps);
    this.#entropy = entropyFor(settings);
    this.#numbers = numberCount(trained);
    this.#noise = new StepNoise(settings, this.#numbers);
  }

  /**
   * Opens the program, unless it is open.
   *
   * @throws FlwrError "invalid-argument" when a layer mixes examples
   */
  open(): Promise<Opened> {
    return this.#open(true);
  }

  /** @param whole whether each pass is the only one of its step */
  async #open(whole: boolean): Promise<Opened> {
    const { executor, recipe, dataset, options, batchSize } = this.#fit;
    const targets = targetSpecs(dataset);
    const examples = exampleCount(dataset.x);
    const variant = {
      batch: mostRowsPerPass(examples, batchSize),
      fixedBatch: rowsPerPass(examples, batchSize),
      whole,
      scheduled: options.schedule !== undefined,
      proximal: proximalOf(this.#fit).strength > 0,
      corrected: options.correction !== undefined,
      weighted: dataset.weights !== undefined,
      expected: batchSize,
    };
    const settings = this.#settings;
    const { clip, noiseMultiplier } = settings;
    const key = ["private", targetKey(targets), ...Object.values(variant), clip, noiseMultiplier];
    const build = (optimizations: Optimizations) =>
      privateProgram(recipe, targets, { ...variant, settings }, optimizations);
    const loaded = await executor.program(key.join(":"), build);
    return { loaded, rows: passRows(loaded.program) };
  }

  /** Sets the sums of gradients to zero, which steps of several passes add to. */
  async #clearSums(): Promise<void> {
    const { executor, variables } = this.#fit;
    await executor.write(
      variables.filter(({ trained }) => trained)
        .map(({ name, value }) => [sumName(name), zeros("float32", value.shape)]),
    );
  }

  /**
   * Trains for as many steps as an epoch of whole batches has.
   *
   * @returns whether to continue: false if `onProgress` returned "stop"
   */
  async train(epoch: number): Promise<boolean> {
    const { executor, dataset, options } = this.#fit;
    let { loaded, rows } = await this.open();
    const passes = this.#drawPasses(rows.most);
    if (passes.length > this.#stepsPerEpoch) {
      const drawnFor = rows.most;
      ({ loaded, rows } = await this.#open(false));
      if (rows.most !== drawnFor) {
        // Examples beyond a pass would be left out, and ε would not hold.
        throw new FlwrError("internal", `Passes of ${drawnFor} and of ${rows.most} examples`);
      }
      await this.#clearSums();
    }
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
        prepare: (from) => this.#drawAhead(passes[from]),
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
  #drawPasses(mostRows: number): Pass[] {
    const { dataset, batchSize } = this.#fit;
    const examples = exampleCount(dataset.x);
    return Array.from({ length: this.#stepsPerEpoch }, () => {
      const step = ++this.#steps;
      const batch = poissonBatch(examples, batchSize / examples, this.#entropy);
      const passes = passesOf(batch, mostRows);
      return passes.map((rows, i) => ({ rows, step, last: i === passes.length - 1 }));
    }).flat();
  }

  /** Draws the noise of a pass that runs next. */
  #drawAhead(pass: Pass | undefined): void {
    if (pass === undefined || this.#ahead !== undefined || !this.#hasNoise(pass)) return;
    const noise = new Float32Array(this.#numbers);
    this.#noise.draw(noise, this.#entropy);
    this.#ahead = { pass, noise };
  }

  #hasNoise({ last }: Pass): boolean {
    return last && this.#settings.noiseMultiplier > 0;
  }

  /** Fills an array with the noise of a pass. */
  #drawNoise(pass: Pass, noise: Float32Array): void {
    if (!this.#hasNoise(pass)) return;
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead?.pass === pass) noise.set(ahead.noise);
    else this.#noise.draw(noise, this.#entropy);
  }

  /** The inputs of some passes, of which the first one has a number in the fit, from 1. */
  #inputs(passes: readonly Pass[], { most, areFree }: PassRows, first: number) {
    const count = passes.length;
    const numbers = this.#numbers;
    const chosen = new Int32Array(count * most);
    const mask = new Float32Array(count * most);
    const noise = new Float32Array(this.#settings.noiseMultiplier > 0 ? count * numbers : 0);
    passes.forEach((pass, i) => {
      // Rows beyond the batch repeat one of its examples, without weight.
      chosen.fill(pass.rows[0] ?? 0, i * most, (i + 1) * most);
      chosen.set(pass.rows, i * most);
      mask.fill(1, i * most, i * most + pass.rows.length);
      this.#drawNoise(pass, noise.subarray(i * numbers, (i + 1) * numbers));
    });
    const last = Float32Array.from(passes, (pass) => Number(pass.last));
    // A batch without examples keeps a row, without weight: not every operator takes arrays without rows.
    const counts = BigInt64Array.from(passes, (pass) => BigInt(Math.max(1, pass.rows.length)));
    const scanned = [
      [NAMES.rows, tensor("int32", [count, most], chosen)],
      [NAMES.mask, tensor("float32", [count, most], mask)],
      [NAMES.last, tensor("float32", [count], last)],
      ...(areFree ? [[NAMES.count, tensor("int64", [count, 1], counts)] as const] : []),
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
