import { FlwrError } from "../../base/error.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { add, div, less, mul, where } from "../graph/elementwise.ts";
import { gather } from "../graph/indexing.ts";
import { reduceSum } from "../graph/reduce.ts";
import { type Layout, rowLayouts } from "../graph/rows.ts";
import type { Value } from "../graph/value.ts";
import { applyPasses, type Optimizations } from "../lower/passes.ts";
import type { Program } from "../lower/program.ts";
import type { Variable } from "../nn/trace.ts";
import { clippedOfOne, clippedSums } from "../step/clipped_sums.ts";
import type { DpSgd } from "../step/dp_sgd.ts";
import { changedGradients } from "../step/step_gradients.ts";
import { StepNoise } from "../step/step_noise.ts";
import type { Parts } from "./parts.ts";
import {
  correctionName,
  NAMES,
  type Recipe,
  scalarsOf,
  source,
  startName,
  takeBatch,
  type TrainingVariant,
  updated,
  usedBy,
} from "./programs.ts";
import type { TargetSpec } from "./target_spec.ts";

/** How many pairs of numbers of rows are tried as the most of a pass. */
const FREE_ATTEMPTS = 3;

/** The options of a private training program. */
export interface PrivateVariant extends TrainingVariant {
  /** Most rows of one pass. A pass has as many as it has examples, where the network allows it. */
  readonly batch: number;
  /** Rows of every pass if the network needs the same number in each. */
  readonly fixedBatch: number;
  /** Whether each pass is the only one of its step. */
  readonly whole: boolean;
  /** The expected number of examples per step, by which sums are divided. */
  readonly expected: number;
  readonly settings: DpSgd;
}

/** Name of the sum of a parameter's clipped gradients so far. */
export function sumName(parameter: string): string {
  return `sum:${parameter}`;
}

/** Number of numbers of all trained parameters. */
export function numberCount(trained: readonly Variable[]): number {
  return trained.reduce((sum, { value }) => sum + elementCount(value.shape), 0);
}

const randomKey = () => source(NAMES.randomKey, "uint32", []);

type Losses = ReturnType<typeof lossesOf>;

/** The losses of a batch's examples. */
function lossesOf(
  recipe: Recipe,
  target: Parts<TargetSpec>,
  batch: number,
  weighted: boolean,
  key: Value,
) {
  const taken = takeBatch(recipe, target, batch, key);
  const weights = source(NAMES.exampleWeights, "float32", [1], true);
  const losses = weighted ? mul(taken.perExample, gather(weights, taken.rows)) : taken.perExample;
  return { ...taken, weights, losses };
}

/** Refuses a network whose layers mix the examples of a batch, or change a state by them. */
function requireSeparate(taken: Losses, other: Losses): ReadonlyMap<Value, Layout> {
  for (const { name, value } of taken.variables) {
    if (taken.updates.has(value)) throw mixes(`it computes "${name}" from the examples`);
  }
  const { layouts, mixing } = layoutsOf(taken, other);
  if (mixing !== undefined) throw mixes(`"${mixing.primitive}" runs over them`);
  return layouts;
}

type RowLosses = Pick<Losses, "rows" | "losses">;

function layoutsOf(taken: RowLosses, other: RowLosses): ReturnType<typeof rowLayouts> {
  return rowLayouts(
    { inputs: [taken.rows], outputs: [taken.losses] },
    { inputs: [other.rows], outputs: [other.losses] },
  );
}

/** The losses of some rows and the sums of their clipped gradients. */
interface Sums {
  readonly taken: Losses;
  /** Undefined if there is no rule for the gradients of each example. */
  readonly sums: readonly Value[] | undefined;
}

function sumsOf(
  recipe: Recipe,
  target: Parts<TargetSpec>,
  variant: PrivateVariant,
  optimizations: Optimizations,
  key: Value,
  mask: Value,
): Sums {
  const { batch, weighted, settings: { clip } } = variant;
  const taken = lossesOf(recipe, target, batch, weighted, key);
  const parameters = taken.variables.filter(({ trained }) => trained).map(({ value }) => value);
  if (batch === 1) {
    return { taken, sums: clippedOfOne(taken.losses, parameters, { clip, mask }) };
  }
  const other = lossesOf(recipe, target, batch + 1, weighted, key);
  const layouts = requireSeparate(taken, other);
  const [faster, twin] = [taken, other].map((each) => {
    const [losses] = applyPasses([each.losses], optimizations);
    return { ...each, losses: losses! };
  }) as [Losses, Losses];
  const fasterLayouts = layoutsOf(faster, twin);
  if (fasterLayouts.mixing === undefined) {
    const sums = clippedSums(faster.losses, parameters, fasterLayouts.layouts, { clip, mask });
    if (sums !== undefined) return { taken: faster, sums };
  }
  // The optimised graph can have rows, or uses of parameters, for which there is no rule.
  return { taken, sums: clippedSums(taken.losses, parameters, layouts, { clip, mask }) };
}

function mixes(how: string): FlwrError {
  return new FlwrError(
    "invalid-argument",
    `dpSgd cannot train this network, because a layer mixes the examples of a batch: ${how}`,
    { hints: ["Replace batchNorm by groupNorm or layerNorm, which normalise each example alone"] },
  );
}

/** How the passes of a program are fed. */
export interface PassRows {
  /** Number of rows that a pass is fed with, and the most examples that it can have. */
  readonly most: number;
  /** Whether rows beyond a pass's examples are left out. They are computed in vain otherwise. */
  readonly areFree: boolean;
}

/** The rows of a private program's passes. */
export function passRows({ scanned }: Program): PassRows {
  const named = (name: string) => scanned.find(({ attributes }) => attributes.name === name);
  return { most: named(NAMES.rows)!.shape[0]!, areFree: named(NAMES.count) !== undefined };
}

/**
 * The program for differentially private training. Each of its steps is one pass over some examples of a batch: it adds
 * their clipped gradients to sums. The last pass of a batch adds the noise and updates the parameters. It yields, per pass,
 * the sum of the examples' losses before the update.
 *
 * Batches have random sizes, and rows that only fill a pass would take as long as examples. So passes have different
 * numbers of rows, unless the network prevents it. If a layer has no rule for the gradients of each example, a pass has one
 * row.
 *
 * @throws FlwrError "invalid-argument" when a layer mixes examples
 */
export function privateProgram(
  recipe: Recipe,
  target: Parts<TargetSpec>,
  variant: PrivateVariant,
  optimizations: Optimizations,
): Program {
  const { batch, fixedBatch } = variant;
  const built = new Map<number, Program | undefined>();
  const sized = (size: number) => {
    if (!built.has(size)) {
      const program = sizedProgram(recipe, target, { ...variant, batch: size }, optimizations);
      built.set(size, program);
    }
    return built.get(size);
  };
  // Mixing cannot be seen in a batch of one.
  if (sized(Math.max(2, batch)) === undefined) return sized(1)!;
  return freeProgram(sized, batch, fixedBatch);
}

/**
 * A program whose passes have different numbers of rows, made from the graphs for two numbers. Some operators are chosen by
 * the number of rows, and equal nodes are one, so the graphs can differ in more than lengths by chance: if a limit lies
 * between the two numbers, or if one of them is also another length. Then smaller numbers are tried.
 */
function freeProgram(
  sized: (size: number) => Program | undefined,
  most: number,
  fixedBatch: number,
  attempts = FREE_ATTEMPTS,
): Program {
  if (most < 3 || attempts === 0) return sized(Math.min(most, fixedBatch))!;
  const count = source(NAMES.count, "int64", [1]);
  const [program, fewer] = [most, most - 1].map((size) => {
    const fixed = sized(size)!;
    return { ...fixed, scanned: [...fixed.scanned, count] };
  });
  return {
    ...program!,
    free: {
      fewer: fewer!,
      rows: [most, most - 1],
      count,
      cut: program!.scanned.filter(({ attributes: { name } }) =>
        name === NAMES.rows || name === NAMES.mask
      ),
      otherwise: () => freeProgram(sized, most - 2, fixedBatch, attempts - 1),
    },
  };
}

/** The program for passes of one size; undefined if there is no rule for the gradients of each example. */
function sizedProgram(
  recipe: Recipe,
  target: Parts<TargetSpec>,
  variant: PrivateVariant,
  optimizations: Optimizations,
): Program | undefined {
  const { optimizer } = recipe;
  const { batch, expected, settings, whole } = variant;
  const key = randomKey();
  const mask = source(NAMES.mask, "float32", [batch]);
  const { taken, sums } = sumsOf(recipe, target, variant, optimizations, key, mask);
  if (sums === undefined) return undefined;
  const { variables, losses } = taken;
  const trained = variables.filter((variable) => variable.trained);
  const parameters = trained.map(({ value }) => value);

  const lastPass = source(NAMES.last, "float32", []);
  const isLast = less(0.5, lastPass);
  const totals = trained.map(({ name, value }) => source(sumName(name), "float32", value.shape));
  const added = whole ? sums : totals.map((total, i) => add(total, sums[i]!));
  const noise = source(NAMES.noise, "float32", [numberCount(trained)]);
  const noisy = settings.noiseMultiplier === 0
    ? added
    : new StepNoise(settings, noise.shape[0]!).added(added, noise);
  const scalars = scalarsOf(optimizer);
  const rateRatio = source(NAMES.rateRatio, "float32", []);
  const strength = source(NAMES.proximal, "float32", []);
  const starts = trained.map(({ name, value }) => source(startName(name), "float32", value.shape));
  const corrections = trained.map(({ name, value }) =>
    source(correctionName(name), "float32", value.shape)
  );
  const slopes = changedGradients(noisy.map((sum) => div(sum, expected)), parameters, {
    factor: optimizer.gradientFactor?.(scalars),
    clipping: recipe.clipping,
    proximal: variant.proximal ? { strength, starts } : undefined,
    correction: variant.corrected ? corrections : undefined,
  });
  const ratio = variant.scheduled ? rateRatio : undefined;
  const state = [
    ...trained.flatMap((variable, i) =>
      updated(optimizer, variable, slopes[i]!, scalars, ratio)
        .map(({ input, next }) => ({ input, next: whole ? next : where(isLast, next, input) }))
    ),
    ...(whole
      ? []
      : totals.map((total, i) => ({ input: total, next: where(isLast, 0, added[i]!) }))),
  ];
  const loss = reduceSum(mul(losses, mask));
  const results = [loss, ...state.map(({ next }) => next)];
  const scanned = [taken.rows, ...scalars, rateRatio, key, mask, noise, lastPass];
  const kept = variables.filter((variable) => !variable.trained).map(({ value }) => value);
  return {
    state,
    scanned: usedBy(results, scanned),
    captured: usedBy(results, [
      ...taken.data,
      ...kept,
      taken.weights,
      strength,
      ...starts,
      ...corrections,
    ]),
    stacked: [{ name: NAMES.loss, value: loss }],
    withoutBlocks: true,
  };
}
