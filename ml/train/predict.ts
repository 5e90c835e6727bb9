import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { exampleCount } from "./dataset.ts";
import { evaluationRows } from "./evaluate.ts";
import { type Executor, programRun, storeData } from "./executor.ts";
import type { Parts } from "./parts.ts";
import { NAMES, outputPart, predictionProgram, type Recipe } from "./programs.ts";
import { evaluationBatch } from "./row_independence.ts";
import { runSteps } from "./step_loop.ts";

/** The checked inputs of a prediction. */
export interface PredictionJob {
  readonly executor: Executor;
  readonly recipe: Recipe;
  readonly x: Parts<Tensor>;
  readonly signal?: AbortSignal;
}

/** Computes the network's outputs [examples, …] with the parameters in the executor's memory. */
export async function predictModel(job: PredictionJob): Promise<Parts<Tensor<"float32">>> {
  const { executor, recipe, x, signal } = job;
  const examples = exampleCount(x);
  const data = await storeData(executor, { x });
  const batch = evaluationBatch(recipe, examples);
  const loaded = await executor.program(
    "predict",
    (optimizations) => predictionProgram(recipe, batch, optimizations),
    String(batch),
  );
  const outputs = loaded.program.stacked.map(({ name, value }) => {
    const shape = [examples, ...value.shape.slice(1)];
    return { name, shape, data: new Float32Array(elementCount(shape)) };
  });
  await runSteps({
    engine: await executor.engine(),
    length: loaded.length,
    steps: Math.ceil(examples / batch),
    signal,
    run: (from, steps) =>
      programRun(loaded, data, [[NAMES.rows, evaluationRows(examples, batch, from, steps)]]),
    onSlice: (from, _, results) => {
      outputs.forEach(({ shape, data }, i) => {
        const offset = from * batch * elementCount(shape.slice(1));
        const rows = results[i]!.data as Float32Array;
        data.set(rows.subarray(0, data.length - offset), offset);
      });
      return true;
    },
  });
  return new Map(
    outputs.map(({ name, shape, data }) => [outputPart(name), tensor("float32", shape, data)]),
  );
}
