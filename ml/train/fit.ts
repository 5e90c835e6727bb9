import type { Clock } from "../../base/clock.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import type { Variable } from "../nn/trace.ts";
import type { NamedTensor } from "../engine/engine.ts";
import { type DatasetParts, exampleCount } from "./dataset.ts";
import { BestEpoch } from "./early_stop.ts";
import { evaluateModel } from "./evaluate.ts";
import { EpochTrainer, proximalOf } from "./epoch_trainer.ts";
import { afterStoring, type Executor, storeData } from "./executor.ts";
import { FitMeter } from "./fit_meter.ts";
import type { Evaluation, FitOptions, FitResult } from "./fit_options.ts";
import { type OptimizerMemory, prepareSlots } from "./optimizer_memory.ts";
import { requireFinite } from "./finite.ts";
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
  /**
   * Trains one epoch.
   *
   * @param sent called when all steps of the epoch were sent to the engine
   * @returns whether to continue
   */
  train(epoch: number, sent?: () => void): Promise<boolean>;
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
  const opened = trainer.open(batchSize);
  const slots = prepareSlots(
    fit.executor,
    fit.recipe.optimizer,
    trained(fit),
    fit.memory,
    rates.at(1),
  );
  // The engine takes calls in their order, so the first steps are sent without waiting for these.
  const storing = Promise.all([
    fit.upload(),
    storeData(fit.executor, fit.dataset),
    slots,
    writeProximal(fit),
    writeCorrection(fit),
  ]);
  storing.catch(() => {}); // Awaited with the first epoch.
  await opened;
  if (fit.memory !== undefined) await slots; // They may be read before they are written.

  let read: Promise<ReadonlyMap<string, Tensor>> | undefined;
  // Read as soon as the last step was sent, unless something else comes in between.
  const readEarly = () => {
    read = readParameters(fit);
    read.catch(() => {}); // Awaited after the last epoch.
  };
  // Checked, because a step's loss is computed before its update, so no loss shows the last update.
  const readNumbers = async (epoch: number) => {
    const parameters = await (read ?? readParameters(fit));
    const learningRate = rates.at(meter.steps);
    requireFinite(parameters, fit.parameters, { step: meter.steps, epoch, learningRate });
    return parameters;
  };
  const losses: number[] = [];
  const validations: Evaluation[] = [];
  const best = earlyStop && new BestEpoch(earlyStop);
  let bestParameters: ReadonlyMap<string, Tensor> | undefined;
  let going = true;
  for (let epoch = 1; going && epoch <= epochs; epoch++) {
    const isLast = epoch === epochs && fit.validation === undefined && earlyStop === undefined;
    const training = trainer.train(epoch, isLast ? readEarly : undefined);
    going = await (epoch === 1 ? afterStoring(storing, training) : training);
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

/** The parameters after the steps that were sent. */
async function readParameters({ executor, variables }: Fit): Promise<Map<string, Tensor>> {
  const names = variables.map(({ name }) => name);
  const values = await (await executor.engine()).read(names);
  return new Map(names.map((name, i) => [name, values[i]!]));
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
