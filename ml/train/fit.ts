import type { Clock } from "../../base/clock.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import type { Variable } from "../nn/trace.ts";
import type { NamedTensor } from "../engine/engine.ts";
import { type DatasetParts, exampleCount } from "./dataset.ts";
import { BestEpoch } from "./early_stop.ts";
import { evaluateModel } from "./evaluate.ts";
import { EpochTrainer, proximalOf } from "./epoch_trainer.ts";
import { type Executor, storeData } from "./executor.ts";
import { FitMeter } from "./fit_meter.ts";
import type { Evaluation, FitOptions, FitResult } from "./fit_options.ts";
import { type OptimizerMemory, prepareSlots } from "./optimizer_memory.ts";
import { requireFinite, type TrainingProgress } from "./finite.ts";
import { PrivateTrainer } from "./private_trainer.ts";
import { correctionName, NAMES, type Recipe, startName } from "./programs.ts";
import { StepRates } from "./step_rates.ts";
import { computedForm } from "./stored_type.ts";

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
  const { clock, batchSize, dataset, options: { epochs = 1, privacy } } = fit;
  const start = clock.now();
  const examples = exampleCount(dataset.x);
  const steps = Math.ceil(examples / batchSize) * epochs;
  const meter = new FitMeter(clock, { epochs, examples, steps });
  const rates = new StepRates(fit, steps);
  if (privacy === undefined) {
    return await trainEpochs(fit, new EpochTrainer(fit, meter, rates), { meter, rates, start });
  }
  const trainer = new PrivateTrainer(fit, privacy, meter, rates);
  try {
    const fitted = await trainEpochs(fit, trainer, { meter, rates, start });
    trainer.spend();
    return { ...fitted, result: { ...fitted.result, privacy: trainer.report() } };
  } finally {
    trainer.spend();
  }
}

/** Trains one epoch after the other. */
interface Trainer {
  /** Opens what it needs. */
  open(batch: number): Promise<unknown>;
  /** Trains one epoch, and returns whether to continue. */
  train(epoch: number): Promise<boolean>;
}

/** Measurements of a fit. */
interface Course {
  readonly meter: FitMeter;
  readonly rates: StepRates;
  /** When it began. */
  readonly start: number;
}

async function trainEpochs(
  fit: Fit,
  trainer: Trainer,
  { meter, rates, start }: Course,
): Promise<Fitted> {
  const { clock, batchSize, options: { epochs = 1, earlyStop, onEpoch } } = fit;
  // The engine starts in its own thread while this thread builds the program.
  await fit.executor.engine();
  await Promise.all([
    trainer.open(batchSize),
    fit.upload(),
    storeData(fit.executor, fit.dataset),
  ]);
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
