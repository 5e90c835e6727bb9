import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import type { Variable } from "../nn/trace.ts";
import type { NamedTensor } from "../engine/engine.ts";
import { type DatasetParts, exampleCount } from "./dataset.ts";
import { BestEpoch } from "./early_stop.ts";
import { evaluateModel } from "./evaluate.ts";
import { type Executor, type LoadedProgram, programRun, storeData } from "./executor.ts";
import { FitMeter } from "./fit_meter.ts";
import type { Evaluation, FitOptions, FitResult, Proximal } from "./fit_options.ts";
import { type OptimizerMemory, prepareSlots } from "./optimizer_memory.ts";
import { requireFinite, type TrainingProgress } from "./finite.ts";
import { epochOrder } from "./permutation.ts";
import { correctionName, NAMES, type Recipe, startName, trainingProgram } from "./programs.ts";
import { StepRates } from "./step_rates.ts";
import { runSteps } from "./step_loop.ts";
import { computedForm } from "./stored_type.ts";
import { targetKey, targetSpecs } from "./target_spec.ts";

/** The checked inputs of a fit. */
export interface Fit {
  readonly executor: Executor;
  readonly recipe: Recipe;
  readonly variables: readonly Variable[];
  /** The parameters at the start. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly batchSize: number;
  readonly seed: number;
  readonly clock: Clock;
  readonly dataset: DatasetParts;
  readonly validation?: DatasetParts;
  readonly options: FitOptions;
  /** Stores the parameters in the executor's memory unless they are there. */
  upload(): Promise<void>;
  /** State of the optimiser, whose slots are in the memory; without it, the optimiser starts afresh. */
  readonly memory?: OptimizerMemory;
}

/** The outcome of a fit. The parameters are in the executor's memory too. */
export interface Fitted {
  readonly result: FitResult;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** State of the optimiser, unless the parameters are those of an earlier epoch. */
  readonly memory?: OptimizerMemory;
}

/** Trains a model. */
export async function fitModel(fit: Fit): Promise<Fitted> {
  const { clock, batchSize, dataset, options: { epochs = 1, earlyStop, onEpoch } } = fit;
  const start = clock.now();
  const examples = exampleCount(dataset.x);
  const steps = Math.ceil(examples / batchSize) * epochs;
  const meter = new FitMeter(clock, { epochs, examples, steps });
  const rates = new StepRates(fit, steps);
  const trainer = new EpochTrainer(fit, meter, rates);
  // The engine starts in its own thread while this thread builds the program.
  await fit.executor.engine();
  await Promise.all([trainer.open(batchSize), fit.upload()]);
  await prepareSlots(fit.executor, fit.recipe.optimizer, trained(fit), fit.memory, rates.at(1));
  await writeProximal(fit);
  await writeCorrection(fit);

  const readNumbers = (epoch: number) =>
    readFinite(fit, { step: meter.steps, epoch, learningRate: rates.at(meter.steps) });
  const losses: number[] = [];
  const validations: Evaluation[] = [];
  const best = earlyStop && new BestEpoch(earlyStop);
  let bestParameters: ReadonlyMap<string, Tensor> | undefined;
  let going = true;
  for (let epoch = 1; going && epoch <= epochs; epoch++) {
    going = await trainer.train(epoch);
    losses.push(meter.loss);
    if (!going) break;
    const validation = await validate(fit);
    if (validation !== undefined) validations.push(validation);
    if (validation !== undefined && best?.observe(epoch, validation)) {
      bestParameters = await readNumbers(epoch);
    }
    going = onEpoch?.({ epoch, epochs, loss: meter.loss, validation }) !== "stop" && !best?.isPast;
  }

  const result: FitResult = {
    losses,
    validations,
    bestEpoch: best?.epoch || undefined,
    steps: meter.steps,
    examples: meter.examples,
    seconds: clock.now() - start,
  };
  if (bestParameters !== undefined && best!.epoch < losses.length) {
    await fit.executor.write([...bestParameters]);
    return { result, parameters: bestParameters };
  }
  return {
    result,
    parameters: bestParameters ?? await readNumbers(losses.length),
    memory: {
      steps: (fit.memory?.steps ?? 0) + meter.steps,
      learningRate: rates.at(meter.steps),
    },
  };
}

/** Trains epoch by epoch: full batches with one program, a smaller last batch with another. */
class EpochTrainer {
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
            this.#requireNumber(loss, epoch);
            meter.addStep(loss, batch, weightOf(dataset, rowsOf(from + i, 1)));
          });
          going = going && options.onProgress?.(meter.progress()) !== "stop";
          return going;
        },
      })
    );
    return going;
  }

  #requireNumber(loss: number, epoch: number): void {
    if (Number.isFinite(loss)) return;
    const step = this.#meter.steps + 1;
    throw new FlwrError(
      "failed-precondition",
      `The loss became ${loss} in step ${step} (epoch ${epoch}), ` +
        `learning rate ${this.#rates.at(step)}`,
      { hints: ["Use a smaller learning rate", "Look for NaN or huge numbers in the data"] },
    );
  }
}

async function validate(fit: Fit): Promise<Evaluation | undefined> {
  const { executor, recipe, validation, options: { signal } } = fit;
  if (validation === undefined) return undefined;
  return await evaluateModel({ executor, recipe, dataset: validation, signal });
}

/**
 * The parameters, checked to be finite. A step's loss is computed before its update, so no loss shows the last update.
 */
async function readFinite(
  { executor, variables, parameters }: Fit,
  reached: TrainingProgress,
): Promise<Map<string, Tensor>> {
  const names = variables.map(({ name }) => name);
  const values = await (await executor.engine()).read(names);
  const read = new Map(names.map((name, i) => [name, values[i]!]));
  requireFinite(read, parameters, reached);
  return read;
}

function trained({ variables }: Fit): Variable[] {
  return variables.filter((variable) => variable.trained);
}

/** The sum of the weights of some examples. */
function weightOf({ weights }: DatasetParts, rows: Int32Array): number {
  if (weights === undefined) return rows.length;
  return rows.reduce((sum, row) => sum + Number(weights.data[row]), 0);
}

async function writeProximal(fit: Fit): Promise<void> {
  const { strength, to } = proximalOf(fit);
  if (strength === 0) return;
  await fit.executor.write([
    [NAMES.proximal, tensor("float32", [], Float32Array.of(strength))],
    ...trained(fit).map(({ name }): NamedTensor => [startName(name), computedForm(to.get(name)!)]),
  ]);
}

async function writeCorrection(fit: Fit): Promise<void> {
  const { correction } = fit.options;
  if (correction === undefined) return;
  await fit.executor.write(
    trained(fit).map(({ name, value }): NamedTensor => [
      correctionName(name),
      correction.get(name) ?? zeros("float32", value.shape),
    ]),
  );
}

function proximalOf({ parameters, options: { proximal = 0 } }: Fit): Required<Proximal> {
  if (typeof proximal === "number") return { strength: proximal, to: parameters };
  return { strength: proximal.strength, to: proximal.to ?? parameters };
}
