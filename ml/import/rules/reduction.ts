import { tensor } from "../../../tensor/tensor.ts";
import {
  abs,
  add,
  exp,
  less,
  log,
  mul,
  reversed,
  sqrt,
  stopGradient,
  sub,
  where,
} from "../../graph/elementwise.ts";
import { gatherElements } from "../../graph/indexing.ts";
import { reshape } from "../../graph/movement.ts";
import {
  argMax,
  cumSum,
  reduceMax,
  reduceMean,
  type ReduceOptions,
  reduceSum,
  topK,
} from "../../graph/reduce.ts";
import { normalizeAxis } from "../../graph/shape.ts";
import { constant, type Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";
import { gatherAlong } from "./indexing.ts";
import { product } from "./shapes.ts";

/**
 * A reduction. Axes are an attribute in older versions and an input in newer ones. Without axes it reduces all axes, or
 * none if `noop_with_empty_axes` is set.
 */
function reduction(f: (x: Value, options: ReduceOptions) => Value): Rule {
  return (call) => {
    const x = call.value(0);
    const axes = call.integers("axes", 1) ?? [];
    const keep = call.int("keepdims", 1) !== 0;
    if (axes.length > 0) return f(x, { axes, keep });
    return call.int("noop_with_empty_axes", 0) !== 0 ? x : f(x, { keep });
  };
}

/** The elements along an axis in reverse order. */
function backwards(x: Value, axis: number): Value {
  const length = x.shape[axis]!;
  const rows = BigInt64Array.from({ length }, (_, i) => BigInt(length - 1 - i));
  return gatherAlong(x, constant(tensor("int64", [length], rows)), axis);
}

function indexOfMaximum(call: NodeCall, x: Value): Value {
  const axis = normalizeAxis(x.shape, call.int("axis", 0));
  const index = call.int("select_last_index", 0) === 0
    ? argMax(x, axis)
    : sub(x.shape[axis]! - 1, argMax(backwards(x, axis), axis));
  if (call.int("keepdims", 1) === 0) return index;
  return reshape(index, x.shape.map((length, other) => other === axis ? 1 : length));
}

/** log Σ eˣ. The largest number is subtracted first, so that no exponential overflows; an infinite one is not. */
function logSumExp(x: Value, options: ReduceOptions): Value {
  const largest = stopGradient(reduceMax(x, { ...options, keep: true }));
  const offset = where(less(abs(largest), Infinity), largest, 0);
  const sum = reduceSum(exp(sub(x, offset)), { ...options, keep: true });
  const result = add(log(sum), offset);
  return reshape(result, reduceSum(x, options).shape);
}

function cumSumRule(call: NodeCall): Value {
  const x = call.value(0);
  const axis = normalizeAxis(x.shape, call.number(1) ?? 0);
  const flag = (name: string) => call.int(name, 0) !== 0;
  return cumSum(x, axis, { exclusive: flag("exclusive"), reverse: flag("reverse") });
}

/** ONNX's TopK. The values are gathered by their positions, so that gradients reach them. */
function topKRule(call: NodeCall): Value[] {
  const x = call.value(0);
  const axis = normalizeAxis(x.shape, call.int("axis", -1));
  const count = call.number(1) ?? call.int("k", 0);
  const positions = topK(x, count, axis, call.int("largest", 1) !== 0);
  return [gatherElements(x, positions, axis), positions];
}

/** Rules of reductions over axes. */
export const reductionRules: Readonly<Record<string, Rule>> = {
  ReduceSum: reduction(reduceSum),
  ReduceMean: reduction(reduceMean),
  ReduceMax: reduction(reduceMax),
  ReduceMin: reduction((x, options) => reversed(reduceMax(reversed(x), options))),
  ReduceL1: reduction((x, options) => reduceSum(abs(x), options)),
  ReduceL2: reduction((x, options) => sqrt(reduceSum(mul(x, x), options))),
  ReduceSumSquare: reduction((x, options) => reduceSum(mul(x, x), options)),
  ReduceLogSum: reduction((x, options) => log(reduceSum(x, options))),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceProd: product,
  ArgMax: (call) => indexOfMaximum(call, call.value(0)),
  ArgMin: (call) => indexOfMaximum(call, reversed(call.value(0))),
  CumSum: cumSumRule,
  TopK: topKRule,
};
