import type { Clock } from "../../base/clock.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { evaluationRows } from "./evaluate.ts";
import { dataNames, type Executor, programRun } from "./executor.ts";
import { EVALUATION_BATCH } from "./limits.ts";
import { predictionProgram, type Recipe } from "./programs.ts";
import { NAMES } from "./programs.ts";
import { runSteps } from "./step_loop.ts";

/** What a prediction works with; all checked. */
export interface PredictionJob {
  readonly executor: Executor;
  readonly recipe: Recipe;
  readonly clock: Clock;
  readonly x: Tensor;
  readonly signal?: AbortSignal;
}

/** The network's outputs [examples, …] with the parameters that lie in the executor's memory. */
export async function predictModel(job: PredictionJob): Promise<Tensor<"float32">> {
  const { executor, recipe, clock, x, signal } = job;
  const examples = x.shape[0]!;
  const [name] = await executor.data([{ value: x, flat: true }]);
  const loaded = await executor.program(
    "predict",
    (optimizations) => predictionProgram(recipe, EVALUATION_BATCH, optimizations),
  );
  const shape = loaded.program.stacked[0]!.value.shape.slice(1);
  const size = elementCount(shape);
  const outputs = new Float32Array(examples * size);
  await runSteps({
    engine: await executor.engine(),
    clock,
    length: loaded.length,
    steps: Math.ceil(examples / EVALUATION_BATCH),
    signal,
    run: (from, steps) =>
      programRun(loaded, dataNames(name!), [[NAMES.rows, evaluationRows(examples, from, steps)]]),
    onSlice: (from, _, [rows]) => {
      const offset = from * EVALUATION_BATCH * size;
      outputs.set((rows!.data as Float32Array).subarray(0, outputs.length - offset), offset);
      return true;
    },
  });
  return tensor("float32", [examples, ...shape], outputs);
}
