import type { DType } from "../../tensor/dtype.ts";
import { gradients } from "../grad/gradients.ts";
import { mul } from "../graph/elementwise.ts";
import { gather } from "../graph/indexing.ts";
import { reduceMean, reduceSum } from "../graph/reduce.ts";
import { input, type Node, type Value } from "../graph/value.ts";
import { applyPasses, type Optimizations } from "../lower/passes.ts";
import type { Program } from "../lower/program.ts";
import type { Layer } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import { type Trace, trace } from "../nn/trace.ts";
import { featureCount, type InputSpec, inputType, prepareInput } from "./input_spec.ts";

/** What programs are made of. */
export interface Recipe {
  readonly network: Layer;
  readonly input: InputSpec;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
}

/** The targets' form: [examples, …shape]. */
export interface TargetSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Names that the programs' inputs and outputs have beside the variables' own. */
export const NAMES = {
  inputs: "data:x",
  targets: "data:y",
  rows: "rows",
  weights: "weights",
  learningRate: "learning-rate",
  loss: "loss",
  correct: "correct",
  output: "output",
} as const;

/** Name of an optimiser's array for a parameter. */
export function slotName(parameter: string, slot: number): string {
  return `slot${slot}:${parameter}`;
}

interface Batch {
  readonly trace: Trace;
  readonly target: Value;
  readonly rows: Node<"input">;
  readonly data: readonly Node<"input">[];
}

const source = (name: string, dtype: DType, shape: readonly number[], freeRows = false) =>
  input(name, dtype, shape, { freeRows }) as Node<"input">;

function dataRows(recipe: Recipe, batch: number) {
  const rows = source(NAMES.rows, "int32", [batch]);
  const data = source(NAMES.inputs, inputType(recipe.input), [1, featureCount(recipe.input)], true);
  return { rows, data, x: prepareInput(gather(data, rows), recipe.input) };
}

function takeBatch(recipe: Recipe, target: TargetSpec, batch: number, training: boolean): Batch {
  const { rows, data, x } = dataRows(recipe, batch);
  const targets = source(NAMES.targets, target.dtype, [1, ...target.shape], true);
  return {
    trace: trace(recipe.network, x, training),
    target: gather(targets, rows),
    rows,
    data: [data, targets],
  };
}

/**
 * Training: each step takes the rows of one batch, goes forward and back, and changes the parameters. Yields the mean
 * loss of each step's batch, before its update.
 *
 * @param batch examples per step
 */
export function trainingProgram(
  recipe: Recipe,
  target: TargetSpec,
  batch: number,
  optimizations: Optimizations,
): Program {
  const { optimizer } = recipe;
  const taken = takeBatch(recipe, target, batch, true);
  const { variables, updates } = taken.trace;
  const kept = variables.filter(({ trained }) => !trained);
  const forward = [
    reduceMean(recipe.loss.perExample(taken.trace.output, taken.target)),
    ...kept.map(({ value }) => updates.get(value) ?? value),
  ];
  const [loss, ...keptNext] = applyPasses(forward, optimizations);

  const rate = source(NAMES.learningRate, "float32", []);
  const trained = variables.filter(({ trained }) => trained);
  const factor = optimizer.gradientFactor(rate);
  const slopes = gradients(loss!, trained.map(({ value }) => value), factor);
  const state: { input: Node<"input">; next: Value }[] = [];
  trained.forEach(({ name, value }, i) => {
    const slots = Array.from(
      { length: optimizer.slots },
      (_, slot) => source(slotName(name, slot), "float32", value.shape),
    );
    const next = optimizer.update({
      parameter: value,
      gradient: slopes[i]!,
      slots,
      learningRate: rate,
    });
    state.push({ input: value, next: next.parameter });
    slots.forEach((slot, k) => state.push({ input: slot, next: next.slots[k]! }));
  });
  kept.forEach(({ value }, i) => state.push({ input: value, next: keptNext[i]! }));
  return {
    state,
    scanned: [taken.rows],
    captured: [...taken.data, rate],
    stacked: [{ name: NAMES.loss, value: loss! }],
  };
}

/**
 * Evaluation: each step yields the sum of its examples' losses and, if the loss has a notion of it, how many are right.
 * Each example has a weight, so that a last batch can be filled up with examples of weight 0.
 */
export function evaluationProgram(
  recipe: Recipe,
  target: TargetSpec,
  batch: number,
  optimizations: Optimizations,
): Program {
  const taken = takeBatch(recipe, target, batch, false);
  const { output, variables } = taken.trace;
  const weights = source(NAMES.weights, "float32", [batch]);
  const total = (perExample: Value) => reduceSum(mul(perExample, weights));
  const sums = [total(recipe.loss.perExample(output, taken.target))];
  const correct = recipe.loss.correct?.(output, taken.target);
  if (correct !== undefined) sums.push(total(correct));
  const names = [NAMES.loss, NAMES.correct];
  return {
    state: [],
    scanned: [taken.rows, weights],
    captured: [...taken.data, ...variables.map(({ value }) => value)],
    stacked: applyPasses(sums, optimizations)
      .map((value, i) => ({ name: names[i]!, value })),
  };
}

/** Prediction: each step yields the network's output for its rows. */
export function predictionProgram(
  recipe: Recipe,
  batch: number,
  optimizations: Optimizations,
): Program {
  const { rows, data, x } = dataRows(recipe, batch);
  const { output, variables } = trace(recipe.network, x, false);
  return {
    state: [],
    scanned: [rows],
    captured: [data, ...variables.map(({ value }) => value)],
    stacked: applyPasses([output], optimizations)
      .map((value) => ({ name: NAMES.output, value })),
  };
}
