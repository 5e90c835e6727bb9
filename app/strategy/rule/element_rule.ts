import type { TypedArray } from "../../../tensor/dtype.ts";
import { npyOf, zerosInNpy } from "../../../tensor/npy.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { mapModel } from "../arrays/elementwise.ts";
import { knownLargestValue, largestValue } from "../arrays/largest_value.ts";
import { averagedDType } from "../arrays/weighted_average.ts";
import type { PhaseRound, Tensors } from "../round/round.ts";
import type { Moments } from "./moments.ts";
import type { RuleState } from "./rule_state.ts";
import { replaceRule, type ServerRule } from "./server_rule.ts";

/** Arrays of numbers that are not bigints. */
export type Numbers = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

/** An array of the model sent, of the aggregate, and its moments. */
export interface Elements {
  readonly old: Numbers;
  readonly mean: Numbers;
  readonly moments: readonly Float64Array[];
}

/** Largest absolute values. */
export interface Largest {
  /** Of the model sent. */
  readonly old: number;
  /** Of the differences between the aggregate and the model sent. */
  readonly delta: number;
  /** Of each moment. Infinity for a moment with invalid negative values. */
  readonly moments: readonly number[];
}

/** The computation of an element from the old element, the mean and its moments. */
export interface ElementStep {
  /**
   * Computes the elements of an array, in one loop without calls, because models have millions of them.
   *
   * @param result receives the new elements; undefined if they are not needed. It may be the memory of `mean`
   * @param keeps whether the moments are changed
   * @returns the first element whose moments are not finite afterwards; undefined if all are
   */
  run(result: TypedArray | undefined, elements: Elements, keeps: boolean): number | undefined;
  /** Bounds of the results of {@link run}, apart from rounding. */
  bounds(largest: Largest): { readonly result: number; readonly moments: readonly number[] };
}

/** A moment of an element rule. */
export interface MomentKind {
  readonly name: string;
  /** Whether negative values are invalid. */
  readonly isPositive?: boolean;
}

/**
 * Largest bound of a result that is certainly finite in the nodes' type: for vectors of float32, and for all others,
 * whose type may be float16.
 */
const SAFE_FLOAT32 = 1e38;
const SAFE_OTHERS = 65_000;
/** The same limit for moments. */
const SAFE_MOMENT = 1e300;
/** A factor larger than the rounding of a step. */
const SLACK = 1 + 1e-9;

/** Applies a rule in one pass, if nothing can become infinite. */
type AtOnce = (round: PhaseRound, aggregate: Tensors, state: RuleState) => Tensors | undefined;

/** Keyed by rule object, so a rule that wraps another, or copies its methods, is not in it. */
const AT_ONCE = new WeakMap<ServerRule, AtOnce>();

/**
 * Applies a rule and changes its state at once, in a single pass over the memory, if the largest values show that model
 * and state will be finite. The new model may take the memory of the aggregate.
 *
 * @returns undefined if that is not certain, for example because of drafts of other parts; then nothing is changed
 */
export function applyAtOnce(
  rule: ServerRule,
  round: PhaseRound,
  aggregate: Tensors,
  state: RuleState,
): Tensors | undefined {
  if (state.notFinite() !== undefined) return undefined;
  const made = AT_ONCE.get(rule)?.(round, aggregate, state);
  if (made !== undefined) state.keepDrafts();
  return made;
}

/**
 * A rule that computes each element separately.
 *
 * @param kinds its moments
 * @param stepIn the step of a round; undefined: the aggregate is the new model
 */
export function elementRule(
  kinds: readonly MomentKind[],
  stepIn: (round: number) => ElementStep | undefined,
): ServerRule {
  const all = (state: RuleState) => kinds.map(({ name }) => state.moments(name));
  const rule: ServerRule = {
    apply(round, aggregate, state) {
      const { sent, number } = round;
      const step = stepIn(number);
      if (step === undefined) return replaceRule().apply(round, aggregate, state);
      const moments = all(state);
      return mapModel(sent, (name, old) => {
        const mean = aggregate.get(name);
        if (mean === undefined) return old;
        const result = zerosInNpy(averagedDType(old.dtype, old.shape.length), old.shape);
        const elements = elementsOf(name, old, mean, moments);
        const place = step.run(result.data, elements, false);
        const problem = place === undefined
          ? undefined
          : `the strategy's state for array "${name}", element ${place} would not be finite`;
        // The moments do not change until the model is known to be finite.
        state.changeLater(() => void step.run(undefined, elements, true), problem);
        return result;
      });
    },
  };
  AT_ONCE.set(rule, ({ sent, number }, aggregate, state) => {
    const step = stepIn(number);
    if (step === undefined) return undefined;
    const moments = all(state);
    const bounds = new Map<string, readonly number[]>();
    for (const [name, old] of sent) {
      const mean = aggregate.get(name);
      if (mean === undefined) continue;
      const bound = boundsOf(name, old, mean, { step, moments, kinds });
      if (bound === undefined) return undefined;
      bounds.set(name, bound);
    }
    return mapModel(sent, (name, old) => {
      const mean = aggregate.get(name);
      if (mean === undefined) return old;
      const result = resultIn(mean, old);
      step.run(result.data, elementsOf(name, old, mean, moments), true);
      moments.forEach((moment, i) => moment.setBound(name, bounds.get(name)![i]!));
      return result;
    });
  });
  return rule;
}

function elementsOf(
  name: string,
  old: Tensor,
  mean: Tensor,
  moments: readonly Moments[],
): Elements {
  return {
    old: numbers(old.data),
    mean: numbers(mean.data),
    moments: moments.map((moment) => moment.inPlace(name, old)),
  };
}

/** Bounds of the new moments of an array. Undefined unless these and the new elements are certain to be finite. */
function boundsOf(
  name: string,
  old: Tensor,
  mean: Tensor,
  { step, moments, kinds }: {
    readonly step: ElementStep;
    readonly moments: readonly Moments[];
    readonly kinds: readonly MomentKind[];
  },
): readonly number[] | undefined {
  const largest = knownLargestValue(old.data);
  const bounds = step.bounds({
    old: largest,
    delta: largest + largestValue(mean.data),
    moments: moments.map((moment, i) => moment.boundOf(name, old, kinds[i]!.isPositive ?? false)),
  });
  const isVector = averagedDType(old.dtype, old.shape.length) === "float32";
  if (!(bounds.result <= (isVector ? SAFE_FLOAT32 : SAFE_OTHERS))) return undefined;
  const slack = bounds.moments.map((bound) => bound * SLACK);
  return slack.every((bound) => bound <= SAFE_MOMENT) ? slack : undefined;
}

/** The memory of the aggregate, if it was made for a result of this type; otherwise new memory. */
function resultIn(mean: Tensor, old: Tensor): Tensor {
  const dtype = averagedDType(old.dtype, old.shape.length);
  return mean.dtype === dtype && npyOf(mean) !== undefined ? mean : zerosInNpy(dtype, old.shape);
}

/** 64-bit integers as doubles. Other elements are unchanged. */
function numbers(data: TypedArray): Numbers {
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float64Array.from(data, Number)
    : data;
}
