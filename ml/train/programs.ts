import type { DType } from "../../tensor/dtype.ts";
import { cast, mul } from "../graph/elementwise.ts";
import { gather } from "../graph/indexing.ts";
import { uniform } from "../graph/random.ts";
import { reduceMean, reduceSum } from "../graph/reduce.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { input, type Node, type Value } from "../graph/value.ts";
import { applyPasses, type Optimizations } from "../lower/passes.ts";
import type { Program } from "../lower/program.ts";
import type { Layer } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import type { Network } from "../nn/network.ts";
import type { Variable } from "../nn/trace.ts";
import { connect, lossOf } from "./connect.ts";
import { type Clipping, stepGradients } from "../step/step_gradients.ts";
import type { Parts } from "./parts.ts";
import type { TargetSpec } from "./target_spec.ts";
import { featureCount, type InputSpec, inputType, prepareInput } from "./input_spec.ts";

/** The parts of a model that its programs are built from. */
export interface Recipe {
  readonly network: Layer | Network;
  readonly inputs: Parts<InputSpec>;
  readonly losses: Parts<Loss>;
  readonly optimizer: Optimizer;
  readonly clipping?: Clipping;
}

/** The options of a training program. */
export interface TrainingVariant {
  /** Examples per step. */
  readonly batch: number;
  /** Whether the learning rate changes from step to step. */
  readonly scheduled: boolean;
  /** Whether the loss has FedProx's proximal term. */
  readonly proximal: boolean;
  /** Whether constants are added to the gradients (default: no). */
  readonly corrected?: boolean;
  /** Whether examples have weights. */
  readonly weighted: boolean;
}

/**
 * Names of the programs' inputs and outputs other than variables. They have a prefix because variables from files can
 * have any name.
 */
export const NAMES = {
  rows: "data:rows",
  weights: "data:weights",
  exampleWeights: "data:example-weights",
  randomKey: "data:random-key",
  rateRatio: "data:rate-ratio",
  proximal: "data:proximal",
  mask: "data:mask",
  count: "data:count",
  last: "data:last",
  noise: "data:noise",
  loss: "data:loss",
  correct: "data:correct",
  output: "data:output",
} as const;

/** Name of the data of an input. */
export function inputName(part: string): string {
  return `data:x:${part}`;
}

/** Name of the data of a target. */
export function targetName(part: string): string {
  return `data:y:${part}`;
}

const OUTPUT = "output:";

/** Name of an output's rows. */
export function outputName(part: string): string {
  return OUTPUT + part;
}

/** The output whose rows have a name. */
export function outputPart(name: string): string {
  return name.slice(OUTPUT.length);
}

/** Name of one of the optimiser's numbers of a step. */
export function scalarName(index: number): string {
  return `data:scalar${index}`;
}

/** Name of an optimiser's array for a parameter. */
export function slotName(parameter: string, slot: number): string {
  return `slot${slot}:${parameter}`;
}

/** Name of a parameter's value at the start of the fit. */
export function startName(parameter: string): string {
  return `start:${parameter}`;
}

/** Name of the constants that are added to a parameter's gradient. */
export function correctionName(parameter: string): string {
  return `correction:${parameter}`;
}

/** A value that a program is fed. */
export const source = (name: string, dtype: DType, shape: readonly number[], freeRows = false) =>
  input(name, dtype, shape, { freeRows }) as Node<"input">;

/** First salt of random arrays for augmentation, far from those of layers. */
const FIRST_SALT = 2 ** 16;

function dataRows(recipe: Recipe, batch: number, randomKey?: Value) {
  let salt = FIRST_SALT;
  const draw = randomKey &&
    ((shape: readonly number[]) => uniform(randomKey, salt++, shape));
  const rows = source(NAMES.rows, "int32", [batch]);
  const data: Node<"input">[] = [];
  const x = new Map([...recipe.inputs].map(([part, spec]) => {
    const raw = source(inputName(part), inputType(spec), [1, featureCount(spec)], true);
    data.push(raw);
    return [part, prepareInput(gather(raw, rows), spec, draw)];
  }));
  return { rows, data, x };
}

/** The selection of a batch's examples, and their losses. */
export function takeBatch(
  recipe: Recipe,
  target: Parts<TargetSpec>,
  batch: number,
  randomKey?: Value,
) {
  const { rows, data, x } = dataRows(recipe, batch, randomKey);
  const targets = new Map([...target].map(([part, { dtype, shape }]) => {
    const raw = source(targetName(part), dtype, [1, ...shape], true);
    data.push(raw);
    return [part, gather(raw, rows)];
  }));
  const { output, variables, updates } = connect(recipe.network, x, randomKey);
  return { rows, data, variables, updates, ...lossOf(recipe.losses, output, targets) };
}

/** The given inputs that a graph uses: a model must not have others. */
export function usedBy(
  outputs: readonly Value[],
  inputs: readonly Node<"input">[],
): Node<"input">[] {
  const used = new Set(topologicalOrder(outputs));
  return inputs.filter((value) => used.has(value));
}

/** The optimiser's numbers of a step. */
export function scalarsOf(optimizer: Optimizer): Node<"input">[] {
  const count = optimizer.scalars(1, optimizer.learningRate).length;
  return Array.from({ length: count }, (_, i) => source(scalarName(i), "float32", []));
}

/** A parameter and the optimiser's arrays for it, with their values after a step. */
export function updated(
  optimizer: Optimizer,
  { name, value }: Variable,
  gradient: Value,
  scalars: readonly Value[],
  rateRatio: Value | undefined,
): { input: Node<"input">; next: Value }[] {
  const slots = Array.from(
    { length: optimizer.slots },
    (_, slot) => source(slotName(name, slot), "float32", value.shape),
  );
  const next = optimizer.update({ parameter: value, gradient, slots, scalars, rateRatio });
  return [
    { input: value, next: next.parameter },
    ...slots.map((slot, k) => ({ input: slot, next: next.slots[k]! })),
  ];
}

/**
 * The training program: each step gathers the rows of a batch, computes loss and gradients, and updates the parameters.
 * It yields, per step, the mean loss of the batch, times the examples' weights, before the update.
 */
export function trainingProgram(
  recipe: Recipe,
  target: Parts<TargetSpec>,
  variant: TrainingVariant,
  optimizations: Optimizations,
): Program {
  const { optimizer } = recipe;
  const randomKey = source(NAMES.randomKey, "uint32", []);
  const taken = takeBatch(recipe, target, variant.batch, randomKey);
  const { variables, updates } = taken;
  const weights = source(NAMES.exampleWeights, "float32", [1], true);
  const perExample = variant.weighted
    ? mul(taken.perExample, gather(weights, taken.rows))
    : taken.perExample;
  const kept = variables.filter(({ trained }) => !trained);
  const [loss, ...keptNext] = applyPasses([
    reduceMean(perExample),
    ...kept.map(({ value }) => updates.get(value) ?? value),
  ], optimizations);

  const scalars = scalarsOf(optimizer);
  const rateRatio = source(NAMES.rateRatio, "float32", []);
  const strength = source(NAMES.proximal, "float32", []);
  const trained = variables.filter(({ trained }) => trained);
  const starts = trained.map(({ name, value }) => source(startName(name), "float32", value.shape));
  const corrections = trained.map(({ name, value }) =>
    source(correctionName(name), "float32", value.shape)
  );
  const slopes = stepGradients(loss!, trained.map(({ value }) => value), {
    factor: optimizer.gradientFactor?.(scalars),
    clipping: recipe.clipping,
    proximal: variant.proximal ? { strength, starts } : undefined,
    correction: variant.corrected ? corrections : undefined,
  });

  const ratio = variant.scheduled ? rateRatio : undefined;
  const state = trained.flatMap((variable, i) =>
    updated(optimizer, variable, slopes[i]!, scalars, ratio)
  );
  kept.forEach(({ value }, i) => state.push({ input: value, next: keptNext[i]! }));
  const results = [loss!, ...state.map(({ next }) => next)];
  return {
    state,
    scanned: usedBy(results, [taken.rows, ...scalars, rateRatio, randomKey]),
    captured: usedBy(results, [...taken.data, weights, strength, ...starts, ...corrections]),
    stacked: [{ name: NAMES.loss, value: loss! }],
  };
}

/**
 * The evaluation program: each step yields the sum of its examples' losses and, if the loss defines correctness, the
 * number of correct examples. Each example has a weight, so that examples of weight 0 can fill up the last batch.
 *
 * @param batch number of examples per step
 */
export function evaluationProgram(
  recipe: Recipe,
  target: Parts<TargetSpec>,
  batch: number,
  optimizations: Optimizations,
): Program {
  const taken = takeBatch(recipe, target, batch);
  const weights = source(NAMES.weights, "float32", [batch]);
  const total = (perExample: Value) => reduceSum(mul(perExample, weights));
  const sums = [total(taken.perExample)];
  if (taken.correct !== undefined) sums.push(total(taken.correct));
  const names = [NAMES.loss, NAMES.correct];
  const results = applyPasses(sums, optimizations);
  return {
    state: [],
    scanned: [taken.rows, weights],
    captured: usedBy(results, [...taken.data, ...taken.variables.map(({ value }) => value)]),
    stacked: results.map((value, i) => ({ name: names[i]!, value })),
  };
}

/** The prediction program: each step yields the network's outputs for its rows, by name of the output. */
export function predictionProgram(
  recipe: Recipe,
  batch: number,
  optimizations: Optimizations,
): Program {
  const { rows, data, x } = dataRows(recipe, batch);
  const { output, variables } = connect(recipe.network, x);
  // Outputs that are positions or booleans are returned as float32 too.
  const numbers = [...output.values()].map((value) => cast(value, "float32"));
  const results = applyPasses(numbers, optimizations);
  const names = [...output.keys()];
  return {
    state: [],
    scanned: [rows],
    captured: usedBy(results, [...data, ...variables.map(({ value }) => value)]),
    stacked: results.map((value, i) => ({ name: outputName(names[i]!), value })),
  };
}
