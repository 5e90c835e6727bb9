import {
  abs,
  add,
  div,
  erf,
  exp,
  less,
  maximum,
  minimum,
  mul,
  relu,
  sigmoid,
  softplus,
  sub,
  tanh,
  where,
} from "../../graph/elementwise.ts";
import { oneHot } from "../../graph/indexing.ts";
import { reshape, transpose } from "../../graph/movement.ts";
import { argMax, logSoftmax, softmax } from "../../graph/reduce.ts";
import { normalizeAxis } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";
import { elementCount } from "../../../tensor/tensor.ts";
import type { NodeCall, Rule } from "../graph/call.ts";

const unary = (f: (x: Value) => Value): Rule => (call) => f(call.value(0));

/** x · Φ(x), by the error function or by its approximation with tanh. */
function gelu(call: NodeCall): Value {
  const x = call.value(0);
  const kind = call.string("approximate", "none");
  if (kind === "none") return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
  if (kind !== "tanh") call.refuse("approximate", kind, '"none" or "tanh"');
  const cubic = add(x, mul(mul(mul(x, x), x), 0.044715));
  return mul(mul(x, 0.5), add(tanh(mul(cubic, Math.sqrt(2 / Math.PI))), 1));
}

function hardSigmoid(x: Value, alpha: number, beta: number): Value {
  return minimum(maximum(add(mul(x, alpha), beta), 0), 1);
}

/** Leaky ReLU. The form with a sum is used for slopes with which it does not subtract infinities. */
function leaky(x: Value, slope: number): Value {
  if (slope > 0 && slope < 1) return add(mul(relu(x), 1 - slope), mul(x, slope));
  return where(less(0, x), x, mul(x, slope));
}

/** max(x, 0) + min(α (eˣᐟᵅ − 1), 0). */
function celu(x: Value, alpha: number): Value {
  return add(relu(x), mul(sub(exp(div(minimum(x, 0), alpha)), 1), alpha));
}

function shrink(x: Value, limit: number, bias: number): Value {
  return where(less(x, -limit), add(x, bias), where(less(limit, x), sub(x, bias), 0));
}

function hardmax(x: Value, axis: number): Value {
  const hits = oneHot(argMax(x, axis), x.shape[axis]!);
  const order = x.shape.map((_, i) => i < axis ? i : i === axis ? x.shape.length - 1 : i - 1);
  return transpose(hits, order);
}

/**
 * x where x is positive, else alpha (eˣ − 1). The exponential is computed of negative numbers only, so it never
 * overflows.
 */
function elu(x: Value, alpha: number): Value {
  return add(relu(x), mul(sub(exp(minimum(x, 0)), 1), alpha));
}

/** x where x is positive, else slope · x; the slope is trained and broadcast to x. */
function parametric(call: NodeCall): Value {
  const [x, slope] = [call.value(0), call.value(1)];
  return where(less(0, x), x, mul(x, slope));
}

function clip(call: NodeCall): Value {
  let x = call.value(0);
  const low = call.has(1) ? call.operand(1) : call.float("min", -Infinity);
  const high = call.has(2) ? call.operand(2) : call.float("max", Infinity);
  if (low !== -Infinity) x = maximum(x, low);
  if (high !== Infinity) x = minimum(x, high);
  return x;
}

/** Applies a function along an axis. Before version 13, all axes from that one on are flattened into one. */
function overAxis(f: (x: Value, axis: number) => Value): Rule {
  return (call) => {
    const x = call.value(0);
    const modern = call.node.opset >= 13;
    const axis = normalizeAxis(x.shape, call.int("axis", modern ? -1 : 1));
    if (modern || axis === x.shape.length - 1) return f(x, axis);
    const rows = elementCount(x.shape.slice(0, axis));
    return reshape(f(reshape(x, [rows, elementCount(x.shape.slice(axis))]), 1), x.shape);
  };
}

/** Rules of activation functions. */
export const activationRules: Readonly<Record<string, Rule>> = {
  Relu: unary(relu),
  Sigmoid: unary(sigmoid),
  Tanh: unary(tanh),
  Erf: unary(erf),
  Softplus: unary(softplus),
  Softsign: unary((x) => div(x, add(abs(x), 1))),
  Mish: unary((x) => mul(x, tanh(softplus(x)))),
  HardSwish: unary((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Gelu: gelu,
  Clip: clip,
  PRelu: parametric,
  LeakyRelu: (call) => leaky(call.value(0), call.float("alpha", 0.01)),
  Elu: (call) => elu(call.value(0), call.float("alpha", 1)),
  Selu: (call) => {
    const alpha = call.float("alpha", 1.6732631921768188);
    return mul(elu(call.value(0), alpha), call.float("gamma", 1.0507010221481323));
  },
  Celu: (call) => celu(call.value(0), call.float("alpha", 1)),
  Swish: (call) => {
    const x = call.value(0);
    return mul(x, sigmoid(mul(x, call.float("alpha", 1))));
  },
  ThresholdedRelu: (call) => {
    const x = call.value(0);
    return where(less(call.float("alpha", 1), x), x, 0);
  },
  Shrink: (call) => shrink(call.value(0), call.float("lambd", 0.5), call.float("bias", 0)),
  HardSigmoid: (call) =>
    hardSigmoid(call.value(0), call.float("alpha", 0.2), call.float("beta", 0.5)),
  Softmax: overAxis(softmax),
  LogSoftmax: overAxis(logSoftmax),
  Hardmax: overAxis(hardmax),
};
