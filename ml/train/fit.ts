import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import type { Variable } from "../nn/trace.ts";
import type { NamedTensor } from "../session/engine.ts";
import { type Dataset, datasetSize } from "./dataset.ts";
import { dataNames, type Executor, programRun } from "./executor.ts";
import type { FitOptions, FitResult } from "./fit_options.ts";
import { permutation } from "./permutation.ts";
import { NAMES, type Recipe, slotName, type TargetSpec, trainingProgram } from "./programs.ts";
import { runSteps } from "./step_loop.ts";

/** What a fit works with; all checked. */
export interface Fit {
  readonly executor: Executor;
  readonly recipe: Recipe;
  readonly variables: readonly Variable[];
  readonly batchSize: number;
  readonly seed: number;
  readonly clock: Clock;
  readonly dataset: Dataset;
  readonly options: FitOptions;
}

/** The targets' form as programs want it. */
export function targetSpec({ y }: Dataset): TargetSpec {
  return { dtype: y.dtype, shape: y.shape.slice(1) };
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

/** Trains the parameters that lie in the executor's memory; resolves to them and an account. */
export async function fitModel(
  fit: Fit,
): Promise<{ result: FitResult; parameters: ReadonlyMap<string, Tensor> }> {
  const { executor, recipe, variables, batchSize, clock, dataset, options } = fit;
  const start = clock.now();
  const examples = datasetSize(dataset);
  const epochs = options.epochs ?? 1;
  const fullSteps = Math.floor(examples / batchSize);
  const rest = examples % batchSize;
  const stepsPerEpoch = fullSteps + (rest > 0 ? 1 : 0);
  const learningRate = options.learningRate ?? recipe.optimizer.learningRate;
  const target = targetSpec(dataset);
  const [x, y] = await executor.data([
    { value: dataset.x, flat: true },
    { value: dataset.y, flat: false },
  ]);
  const data = dataNames(x!, y);
  await executor.write(startState(fit, learningRate));

  const program = (batch: number) =>
    executor.program(
      `train:${batch}:${target.dtype}:${target.shape}`,
      (optimizations) => trainingProgram(recipe, target, batch, optimizations),
    );
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
      await runSteps({
        engine,
        clock,
        length: loaded.length,
        steps: count,
        signal: options.signal,
        run: (from, slice) => {
          const rows = order.subarray(offset + from * batch, offset + (from + slice) * batch);
          const given: NamedTensor = [NAMES.rows, tensor("int32", [slice, batch], rows.slice())];
          return programRun(loaded, data, [given]);
        },
        onSlice: (_, slice, [stepLosses]) => {
          (stepLosses!.data as Float32Array).forEach((value, i) => {
            requireNumber(value, steps + i + 1, epoch, learningRate);
            loss.add(value, batch);
          });
          steps += slice;
          seen += slice * batch;
          const examplesPerSecond = seen / (clock.now() - start);
          going = options.onProgress?.({
            epoch,
            epochs,
            step: steps,
            steps: stepsPerEpoch * epochs,
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
  };
}

function startState({ recipe, variables, options }: Fit, learningRate: number): NamedTensor[] {
  const state: NamedTensor[] = [
    [NAMES.learningRate, tensor("float32", [], Float32Array.of(learningRate))],
  ];
  if (options.optimizerState === "keep") return state;
  for (const { name, value, trained } of variables) {
    for (let slot = 0; trained && slot < recipe.optimizer.slots; slot++) {
      state.push([slotName(name, slot), zeros("float32", value.shape)]);
    }
  }
  return state;
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
