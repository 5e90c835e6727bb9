import {
  abs,
  add,
  cast,
  div,
  equal,
  exp,
  fill,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  sign,
  sqrt,
  sub,
  where,
} from "../../graph/elementwise.ts";
import type { Value } from "../../graph/value.ts";
import { type Call, computedType, type Rule } from "../call.ts";
import { dtypeOf } from "../../onnx/element_type.ts";
import { ELEMENT } from "../../onnx/message/numbers.ts";
import { whole } from "./whole.ts";

const unary = (f: (x: Value) => Value): Rule => (call) => f(call.value(0));
const binary = (f: (a: Value, b: Value) => Value): Rule => (call) =>
  f(call.operand(0), call.operand(1));

const variadic = (f: (a: Value, b: Value) => Value): Rule => (call) => {
  const operands = call.node.inputs.map((_, i) => call.operand(i));
  return operands.slice(1).reduce(f, call.operand(0));
};

/** Largest power that is multiplied out. */
const MULTIPLIED_OUT = 4;

/** aᵇ: small whole powers by multiplication, which is right for negative a too, others as e^(b log a). */
function power(call: Call): Value {
  const base = call.operand(0);
  const exponent = call.maybeKnown(1);
  if (exponent?.data.length === 1 && base.dtype === "float32") {
    const number = Number(exponent.data[0]);
    if (number === 0.5) return sqrt(base);
    const times = Math.abs(number);
    if (Number.isInteger(times) && times >= 1 && times <= MULTIPLIED_OUT) {
      let product = base;
      for (let i = 1; i < times; i++) product = mul(product, base);
      return number > 0 ? product : div(1, product);
    }
  }
  return exp(mul(log(base), cast(call.operand(1), base.dtype)));
}

const not = (x: Value) => equal(x, fill(0, "bool"));
const and = (a: Value, b: Value) => where(a, b, fill(0, "bool"));
const or = (a: Value, b: Value) => where(a, fill(1, "bool"), b);

function castTo(x: Value, type: number): Value {
  // What is computed in float32 anyway need not have a name in numpy.
  const dtype = type === ELEMENT.BFLOAT16 ? "float32" : computedType(dtypeOf(type));
  if (dtype === "bool" && x.dtype !== "bool") return not(equal(x, fill(0, x.dtype)));
  return cast(x, dtype);
}

/** Arithmetic, comparisons and conversions, element by element. */
export const elementwiseRules: Readonly<Record<string, Rule>> = {
  Neg: unary(neg),
  Abs: unary(abs),
  Sign: unary(sign),
  Exp: unary(exp),
  Log: unary(log),
  Sqrt: unary(sqrt),
  Reciprocal: unary((x) => div(1, x)),
  Not: unary(not),
  Floor: whole(Math.floor),
  Ceil: whole(Math.ceil),
  // What is added may be the bias of a layer with one output; factors of one element are no parameters.
  Add: (call) => add(call.value(0), call.value(1)),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary(div),
  Pow: power,
  Mod: whole((a, b) => a - Math.floor(a / b!) * b!),
  Less: binary(less),
  Greater: binary((a, b) => less(b, a)),
  LessOrEqual: binary((a, b) => not(less(b, a))),
  GreaterOrEqual: binary((a, b) => not(less(a, b))),
  Equal: binary(equal),
  And: binary(and),
  Or: binary(or),
  Max: variadic(maximum),
  Min: variadic(minimum),
  Sum: variadic(add),
  Mean: (call) => {
    const values = call.all();
    return div(values.slice(1).reduce(add, values[0]!), values.length);
  },
  Where: (call) => where(call.value(0), call.operand(1), call.operand(2)),
  Cast: (call) => castTo(call.value(0), call.int("to", ELEMENT.UNDEFINED)),
  CastLike: (call) => cast(call.value(0), call.value(1).dtype),
  Identity: unary((x) => x),
};
