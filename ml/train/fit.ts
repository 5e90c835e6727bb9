import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import type { Variable } from "../nn/trace.ts";
import type { NamedTensor } from "../session/engine.ts";
import { type DatasetParts, exampleCount } from "./dataset.ts";
import { type Executor, programRun, storeData } from "./executor.ts";
import type { FitOptions, FitResult, Proximal } from "./fit_options.ts";
import type { Parts } from "./parts.ts";
import { permutation } from "./permutation.ts";
import {
  NAMES,
  type Recipe,
  slotName,
  startName,
  type TargetSpec,
  trainingProgram,
  type TrainingVariant,
} from "./programs.ts";
import { StepRates } from "./step_rates.ts";
import { runSteps } from "./step_loop.ts";

/** What the optimiser has gone through when a fit goes on with it. */
export interface OptimizerMemory {
  /** Steps made so far. */
  readonly steps: number;
  /** Learning rate of the last of them. */
  readonly learningRate: number;
}

/** What a fit works with; all checked. */
export interface Fit {
  readonly executor: Executor;
  readonly recipe: Recipe;
  readonly variables: readonly Variable[];
  /** What the parameters are, as they lie in the executor's memory. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly batchSize: number;
  readonly seed: number;
  readonly clock: Clock;
  readonly dataset: DatasetParts;
  readonly options: FitOptions;
  /** The optimiser's past, whose slots lie in the memory; without it, the optimiser starts anew. */
  readonly memory?: OptimizerMemory;
}

/** The targets' forms as programs want them. */
export function targetSpecs({ y }: DatasetParts): Parts<TargetSpec> {
  return new Map(
    [...y].map(([name, { dtype, shape }]) => [name, { dtype, shape: shape.slice(1) }]),
  );
}

/** What tells programs for different targets apart. */
export function targetKey(targets: Parts<TargetSpec>): string {
  return [...targets].map(([name, { dtype, shape }]) => `${name}:${dtype}:${shape}`).join(";");
}

/** Loss of an epoch as it goes. */
class EpochLoss {
  #sum = 0;
  #examples = 0;

  add(meanLoss: number, batch: number): void {
    this.#sum += meanLoss * batch;
    this.#examples += batch;
  }

  get mean(): number {
    return this.#sum / this.#examples;
  }
}

/** What a fit leaves behind. */
export interface Fitted {
  readonly result: FitResult;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly memory: OptimizerMemory;
}

/** Trains the parameters that lie in the executor's memory. */
export async function fitModel(fit: Fit): Promise<Fitted> {
  const { executor, recipe, variables, batchSize, clock, dataset, options } = fit;
  const start = clock.now();
  const examples = exampleCount(dataset.x);
  const epochs = options.epochs ?? 1;
  const fullSteps = Math.floor(examples / batchSize);
  const rest = examples % batchSize;
  const allSteps = (fullSteps + (rest > 0 ? 1 : 0)) * epochs;
  const targets = targetSpecs(dataset);
  const data = await storeData(executor, dataset.x, dataset.y);
  const rates = new StepRates(fit, allSteps);
  await prepareMemory(fit, rates.at(1));

  const program = (batch: number) => {
    const variant: TrainingVariant = {
      batch,
      scheduled: options.schedule !== undefined,
      proximal: proximalOf(fit).strength > 0,
    };
    return executor.program(
      ["train", targetKey(targets), ...Object.values(variant)].join(":"),
      (optimizations) => trainingProgram(recipe, targets, variant, optimizations),
    );
  };
  const engine = await executor.engine();
  const losses: number[] = [];
  let steps = 0;
  let seen = 0;
  let going = true;

  for (let epoch = 1; going && epoch <= epochs; epoch++) {
    const order = options.shuffle === false
      ? Int32Array.from({ length: examples }, (_, i) => i)
      : permutation(examples, fit.seed + epoch - 1);
    const loss = new EpochLoss();
    const parts = [
      { batch: batchSize, count: fullSteps, offset: 0 },
      { batch: rest, count: rest > 0 ? 1 : 0, offset: fullSteps * batchSize },
    ];
    for (const { batch, count, offset } of parts) {
      if (!going || count === 0) continue;
      const loaded = await program(batch);
      const stepsBefore = steps;
      await runSteps({
        engine,
        length: loaded.length,
        steps: count,
        signal: options.signal,
        run: (from, slice) => {
          const rows = order.subarray(offset + from * batch, offset + (from + slice) * batch);
          return programRun(loaded, data, [
            [NAMES.rows, tensor("int32", [slice, batch], rows)],
            ...rates.inputs(stepsBefore + from + 1, slice),
          ]);
        },
        onSlice: (_, slice, [stepLosses]) => {
          (stepLosses!.data as Float32Array).forEach((value, i) => {
            requireNumber(value, steps + i + 1, epoch, rates.at(steps + i + 1));
            loss.add(value, batch);
          });
          steps += slice;
          seen += slice * batch;
          const examplesPerSecond = seen / (clock.now() - start);
          going = options.onProgress?.({
            epoch,
            epochs,
            step: steps,
            steps: allSteps,
            loss: loss.mean,
            examplesPerSecond,
            secondsLeft: (examples * epochs - seen) / examplesPerSecond,
          }) !== "stop";
          return going;
        },
      });
    }
    losses.push(loss.mean);
  }

  const names = variables.map(({ name }) => name);
  const values = await engine.read(names);
  return {
    result: { losses, steps, examples: seen, seconds: clock.now() - start },
    parameters: new Map(names.map((name, i) => [name, values[i]!])),
    memory: { steps: (fit.memory?.steps ?? 0) + steps, learningRate: rates.at(steps) },
  };
}

/** Puts into the memory what this fit needs beside data and parameters. */
async function prepareMemory(fit: Fit, firstRate: number): Promise<void> {
  const { executor, recipe: { optimizer }, variables, memory } = fit;
  const trained = variables.filter((variable) => variable.trained);
  const slots = trained.flatMap(({ name, value }) =>
    Array.from({ length: optimizer.slots }, (_, slot) => ({ name: slotName(name, slot), value }))
  );
  if (memory === undefined) {
    await executor.write(slots.map(({ name, value }) => [name, zeros("float32", value.shape)]));
  } else if (optimizer.slotsFollowRate && memory.learningRate !== firstRate) {
    const names = slots.map(({ name }) => name);
    const values = await (await executor.engine()).read(names);
    const ratio = firstRate / memory.learningRate;
    await executor.write(values.map(({ shape, data }, i) => {
      const scaled = (data as Float32Array).map((number) => number * ratio);
      return [names[i]!, tensor("float32", shape, scaled)];
    }));
  }
  const { strength, to } = proximalOf(fit);
  if (strength > 0) {
    await executor.write([
      [NAMES.proximal, tensor("float32", [], Float32Array.of(strength))],
      ...trained.map(({ name }): NamedTensor => [startName(name), to.get(name)!]),
    ]);
  }
}

function proximalOf({ parameters, options: { proximal = 0 } }: Fit): Required<Proximal> {
  if (typeof proximal === "number") return { strength: proximal, to: parameters };
  return { strength: proximal.strength, to: proximal.to ?? parameters };
}

function requireNumber(loss: number, step: number, epoch: number, learningRate: number): void {
  if (Number.isFinite(loss)) return;
  throw new FlwrError(
    "failed-precondition",
    `The loss is no number any more: ${loss} in step ${step} (epoch ${epoch}), ` +
      `learning rate ${learningRate}`,
    { hints: ["Use a smaller learning rate", "Look for NaN or huge numbers in the data"] },
  );
}
