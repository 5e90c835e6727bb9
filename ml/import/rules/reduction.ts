import { abs, exp, log, mul, neg, sqrt } from "../../graph/elementwise.ts";
import { reshape } from "../../graph/movement.ts";
import {
  argMax,
  reduceMax,
  reduceMean,
  type ReduceOptions,
  reduceSum,
} from "../../graph/reduce.ts";
import { normalizeAxis } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";
import type { Call, Rule } from "../call.ts";
import { product } from "./shapes.ts";

/** Axes are an attribute in older versions and an input in newer ones; none means all, or with a flag none. */
function reduction(f: (x: Value, options: ReduceOptions) => Value): Rule {
  return (call) => {
    const x = call.value(0);
    const axes = call.integers("axes", 1) ?? [];
    const keep = call.int("keepdims", 1) !== 0;
    if (axes.length > 0) return f(x, { axes, keep });
    return call.int("noop_with_empty_axes", 0) !== 0 ? x : f(x, { keep });
  };
}

function indexOfMaximum(call: Call, x: Value): Value {
  const axis = normalizeAxis(x.shape, call.int("axis", 0));
  if (call.int("select_last_index", 0) !== 0) call.refuse("select_last_index", 1, "0");
  const index = argMax(x, axis);
  if (call.int("keepdims", 1) === 0) return index;
  return reshape(index, x.shape.map((length, other) => other === axis ? 1 : length));
}

/** Reductions over axes. */
export const reductionRules: Readonly<Record<string, Rule>> = {
  ReduceSum: reduction(reduceSum),
  ReduceMean: reduction(reduceMean),
  ReduceMax: reduction(reduceMax),
  ReduceMin: reduction((x, options) => neg(reduceMax(neg(x), options))),
  ReduceL1: reduction((x, options) => reduceSum(abs(x), options)),
  ReduceL2: reduction((x, options) => sqrt(reduceSum(mul(x, x), options))),
  ReduceSumSquare: reduction((x, options) => reduceSum(mul(x, x), options)),
  ReduceLogSum: reduction((x, options) => log(reduceSum(x, options))),
  ReduceLogSumExp: reduction((x, options) => log(reduceSum(exp(x), options))),
  ReduceProd: product,
  ArgMax: (call) => indexOfMaximum(call, call.value(0)),
};
