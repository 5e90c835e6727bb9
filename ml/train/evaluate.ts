import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { type DatasetParts, exampleCount } from "./dataset.ts";
import { type Executor, programRun, storeData } from "./executor.ts";
import type { Evaluation } from "./fit_options.ts";
import { evaluationProgram, NAMES, type Recipe } from "./programs.ts";
import { evaluationBatch } from "./row_independence.ts";
import { runSteps } from "./step_loop.ts";
import { targetKey, targetSpecs } from "./target_spec.ts";

/** The checked inputs of an evaluation. */
export interface EvaluationJob {
  readonly executor: Executor;
  readonly recipe: Recipe;
  readonly dataset: DatasetParts;
  readonly signal?: AbortSignal;
}

/** Rows [steps, batch] of the steps from `from` on; row 0 fills the places after the last example. */
export function evaluationRows(
  examples: number,
  batch: number,
  from: number,
  steps: number,
): Tensor<"int32"> {
  const rows = Int32Array.from({ length: steps * batch }, (_, i) => {
    const row = from * batch + i;
    return row < examples ? row : 0;
  });
  return tensor("int32", [steps, batch], rows);
}

/** Weights [steps, batch] of these rows: 0 after the last example. */
function weightsOf(
  { x, weights }: DatasetParts,
  batch: number,
  from: number,
  steps: number,
): Tensor<"float32"> {
  const first = from * batch;
  const rows = new Float32Array(steps * batch);
  if (weights === undefined) rows.fill(1, 0, Math.max(0, exampleCount(x) - first));
  else rows.set((weights.data as Float32Array).subarray(first, first + rows.length));
  return tensor("float32", [steps, batch], rows);
}

/** Evaluates with the parameters in the executor's memory. */
export async function evaluateModel(job: EvaluationJob): Promise<Evaluation> {
  const { executor, recipe, dataset, signal } = job;
  const examples = exampleCount(dataset.x);
  const targets = targetSpecs(dataset);
  const data = await storeData(executor, { x: dataset.x, y: dataset.y });
  const batch = evaluationBatch(recipe, examples);
  const loaded = await executor.program(
    `evaluate:${targetKey(targets)}`,
    (optimizations) => evaluationProgram(recipe, targets, batch, optimizations),
    String(batch),
  );
  const sums = loaded.program.stacked.map(() => 0);
  await runSteps({
    engine: await executor.engine(),
    length: loaded.length,
    steps: Math.ceil(examples / batch),
    signal,
    run: (from, steps) =>
      programRun(loaded, data, [
        [NAMES.rows, evaluationRows(examples, batch, from, steps)],
        [NAMES.weights, weightsOf(dataset, batch, from, steps)],
      ]),
    onSlice: (_, __, results) => {
      results.forEach(({ data }, i) => {
        for (const value of data as Float32Array) sums[i]! += value;
      });
      return true;
    },
  });
  const [lossSum, correct = NaN] = sums;
  const weight = dataset.weights === undefined
    ? examples
    : (dataset.weights.data as Float32Array).reduce((sum, value) => sum + value, 0);
  return { loss: lossSum! / weight, lossSum: lossSum!, accuracy: correct / weight, examples };
}

/**
 * The metrics of an evaluation for a `MetricRecord`: mean loss, and accuracy if the loss defines correctness. A
 * regression has no accuracy.
 */
export function evaluationMetrics(
  { loss, accuracy }: Pick<Evaluation, "loss" | "accuracy">,
): Record<string, number> {
  return Number.isNaN(accuracy) ? { loss } : { loss, accuracy };
}
