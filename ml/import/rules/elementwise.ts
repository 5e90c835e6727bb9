import {
  abs,
  add,
  and,
  cast,
  ceil,
  cos,
  div,
  equal,
  exp,
  fill,
  floor,
  less,
  lessOrEqual,
  log,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  not,
  or,
  pow,
  round,
  sign,
  sin,
  sqrt,
  sub,
  where,
} from "../../graph/elementwise.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { constant, type Value } from "../../graph/value.ts";
import { computedType, type NodeCall, type Rule } from "../graph/call.ts";
import { dtypeOf } from "../../onnx/element_type.ts";
import { ELEMENT } from "../../onnx/message/numbers.ts";

const unary = (f: (x: Value) => Value): Rule => (call) => f(call.value(0));
const binary = (f: (a: Value, b: Value) => Value): Rule => (call) =>
  f(call.operand(0), call.operand(1));

const variadic = (f: (a: Value, b: Value) => Value): Rule => (call) => {
  const operands = call.node.inputs.map((_, i) => call.operand(i));
  return operands.slice(1).reduce(f, call.operand(0));
};

/** Largest exponent for which a power is written as multiplications. */
const MULTIPLIED_OUT = 4;

/** Types of exponents that ONNX Runtime has no power for, and wider types to cast them to. */
const WIDE_EXPONENTS: { readonly [D in DType]?: DType } = {
  int8: "int32",
  uint8: "int32",
  int16: "int32",
  uint16: "int32",
  uint32: "int64",
};

/**
 * A power with a known exponent as multiplications, if they have the same result for every base; undefined otherwise.
 */
function multipliedOut(base: Value, exponent: number): Value | undefined {
  if (exponent === -1) return div(1, base);
  if (!Number.isInteger(exponent) || exponent < 1 || exponent > MULTIPLIED_OUT) return undefined;
  let product = base;
  for (let i = 1; i < exponent; i++) product = mul(product, base);
  return product;
}

/** aᵇ. Exponents that are whole numbers in the file are not parameters. */
function power(call: NodeCall): Value {
  const base = call.operand(0);
  const known = call.maybeKnown(1);
  if (known?.data.length === 1 && base.dtype === "float32") {
    const fits = known.shape.length <= base.shape.length;
    const product = fits ? multipliedOut(base, Number(known.data[0])) : undefined;
    if (product !== undefined) return product;
  }
  const areWhole = known !== undefined && Array.from(known.data, Number).every(Number.isInteger);
  const exponent = areWhole ? constant(known) : call.operand(1);
  if (base.dtype === "float32") return pow(base, cast(exponent, "float32"));
  return pow(base, cast(exponent, WIDE_EXPONENTS[exponent.dtype] ?? exponent.dtype));
}

/** The remainder of a division. */
function remainder(call: NodeCall): Value {
  const [a, b] = [call.operand(0), call.operand(1)];
  const truncates = call.int("fmod", 0) !== 0;
  if (truncates || !a.dtype.startsWith("float")) {
    return mod(a, b, truncates ? "dividend" : "divisor");
  }
  if (call.node.opset < 28) call.refuse("fmod", 0, "1 for real numbers");
  const rest = mod(a, b);
  const turns = and(not(equal(rest, 0)), not(equal(less(rest, 0), less(b, 0))));
  return where(turns, add(rest, b), rest);
}

function isInfinite(call: NodeCall): Value {
  const x = call.value(0);
  const positive = equal(x, Infinity);
  const negative = equal(x, -Infinity);
  if (call.int("detect_negative", 1) === 0) {
    return call.int("detect_positive", 1) === 0 ? and(positive, negative) : positive;
  }
  return call.int("detect_positive", 1) === 0 ? negative : or(positive, negative);
}

function castTo(x: Value, type: number): Value {
  // numpy has no bfloat16, but float types are computed in float32 anyway.
  const dtype = type === ELEMENT.BFLOAT16 ? "float32" : computedType(dtypeOf(type));
  return converted(x, dtype);
}

function converted(x: Value, dtype: DType): Value {
  if (dtype === "bool" && x.dtype !== "bool") return not(equal(x, fill(0, x.dtype)));
  return cast(x, dtype);
}

/** Rules of arithmetic, comparisons and conversions, element by element. */
export const elementwiseRules: Readonly<Record<string, Rule>> = {
  Neg: unary(neg),
  Abs: unary(abs),
  Sign: unary(sign),
  Exp: unary(exp),
  Log: unary(log),
  Sqrt: unary(sqrt),
  Reciprocal: unary((x) => div(1, x)),
  Not: unary(not),
  Floor: unary(floor),
  Ceil: unary(ceil),
  Round: unary(round),
  Sin: unary(sin),
  Cos: unary(cos),
  IsNaN: unary((x) => not(equal(x, x))),
  IsInf: isInfinite,
  // An addend can be the bias of a layer with one output; factors with one element are not parameters.
  Add: (call) => add(call.value(0), call.value(1)),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary(div),
  Pow: power,
  Mod: remainder,
  Less: binary(less),
  Greater: binary((a, b) => less(b, a)),
  LessOrEqual: binary(lessOrEqual),
  GreaterOrEqual: binary((a, b) => lessOrEqual(b, a)),
  Equal: binary(equal),
  And: binary(and),
  Or: binary(or),
  Xor: binary((a, b) => not(equal(a, b))),
  Max: variadic(maximum),
  Min: variadic(minimum),
  Sum: variadic(add),
  Mean: (call) => {
    const values = call.all();
    return div(values.slice(1).reduce(add, values[0]!), values.length);
  },
  Where: (call) => where(call.value(0), call.operand(1), call.operand(2)),
  Cast: (call) => castTo(call.value(0), call.int("to", ELEMENT.UNDEFINED)),
  CastLike: (call) => converted(call.value(0), call.value(1).dtype),
  Identity: unary((x) => x),
};
