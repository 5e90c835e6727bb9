import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import type { Variable } from "../nn/trace.ts";
import type { Executor } from "./executor.ts";
import { slotName } from "./programs.ts";

/** State of an optimiser that continues from a previous fit. */
export interface OptimizerMemory {
  /** Number of steps so far. */
  readonly steps: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
}

/**
 * Prepares the optimiser's arrays in the engine's memory.
 *
 * @param trained the parameters that it updates
 * @param memory its state, whose arrays are in the memory; without it they are set to zero
 * @param firstRate learning rate of the next step
 */
export async function prepareSlots(
  executor: Executor,
  optimizer: Optimizer,
  trained: readonly Variable[],
  memory: OptimizerMemory | undefined,
  firstRate: number,
): Promise<void> {
  const slots = trained.flatMap(({ name, value }) =>
    Array.from({ length: optimizer.slots }, (_, slot) => ({ name: slotName(name, slot), value }))
  );
  if (slots.length === 0) return;
  if (memory === undefined) {
    await executor.write(slots.map(({ name, value }) => [name, zeros("float32", value.shape)]));
  } else if (optimizer.slotsFollowRate && memory.learningRate !== firstRate) {
    const names = slots.map(({ name }) => name);
    const values = await (await executor.engine()).read(names);
    const ratio = firstRate / memory.learningRate;
    await executor.write(values.map((value, i) => [names[i]!, scaled(value, ratio)]));
  }
}

function scaled({ shape, data }: Tensor, ratio: number): Tensor {
  return tensor("float32", shape, (data as Float32Array).map((number) => number * ratio));
}
