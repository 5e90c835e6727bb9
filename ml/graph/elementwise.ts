import type { DType } from "../../tensor/dtype.ts";
import { arrayConstructor } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { broadcastShapes, requireSameType } from "./shape.ts";
import { constant, node, type Value } from "./value.ts";

/** A symbolic array or a number, which takes the other operand's dtype. */
export type Operand = Value | number;

type UnaryPrimitive =
  | "neg"
  | "exp"
  | "log"
  | "sqrt"
  | "abs"
  | "sign"
  | "tanh"
  | "sigmoid"
  | "erf"
  | "relu"
  | "softplus"
  | "stopGradient";

/** A function of each number of an array: the result has its shape. */
export type Unary = (x: Value) => Value;

const unary = (primitive: UnaryPrimitive): Unary => (x) =>
  node(primitive, {}, [x], x.shape, x.dtype);

/** −x. */
export const neg: Unary = unary("neg");
/** eˣ. */
export const exp: Unary = unary("exp");
/** The natural logarithm. */
export const log: Unary = unary("log");
/** The square root. */
export const sqrt: Unary = unary("sqrt");
/** |x|. */
export const abs: Unary = unary("abs");
/** −1, 0 or 1; no gradient. */
export const sign: Unary = unary("sign");
/** The hyperbolic tangent. */
export const tanh: Unary = unary("tanh");
/** 1 / (1 + e⁻ˣ). */
export const sigmoid: Unary = unary("sigmoid");
/** The error function. */
export const erf: Unary = unary("erf");
/** max(x, 0), with gradient 0 at 0 as PyTorch has it. */
export const relu: Unary = unary("relu");
/** log(1 + eˣ), also where eˣ is too large for a float. */
export const softplus: Unary = unary("softplus");
/** x itself, but no gradient flows back through it. */
export const stopGradient: Unary = unary("stopGradient");

/** A constant of one element repeated, by default a scalar. */
export function fill(value: number, dtype: DType, shape: readonly number[] = []): Value {
  const data = new (arrayConstructor(dtype))(elementCount(shape));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(BigInt(value));
  else data.fill(value);
  return constant(tensor(dtype, shape, data) as Tensor);
}

function operands(what: string, a: Operand, b: Operand): [Value, Value] {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "float32";
  const left = typeof a === "number" ? fill(a, dtype) : a;
  const right = typeof b === "number" ? fill(b, dtype) : b;
  requireSameType(what, left, right);
  return [left, right];
}

/** A function of two arrays, number by number: shapes are stretched over each other as in numpy. */
export type Binary = (a: Operand, b: Operand) => Value;

const binary =
  (primitive: "add" | "sub" | "mul" | "div" | "maximum" | "less" | "equal"): Binary => (a, b) => {
    const [left, right] = operands(primitive, a, b);
    const shape = broadcastShapes(primitive, left.shape, right.shape);
    const dtype = primitive === "less" || primitive === "equal" ? "bool" : left.dtype;
    return node(primitive, {}, [left, right], shape, dtype);
  };

/** a + b. */
export const add: Binary = binary("add");
/** a − b. */
export const sub: Binary = binary("sub");
/** a · b. */
export const mul: Binary = binary("mul");
/** a / b. */
export const div: Binary = binary("div");
/** The larger of a and b. */
export const maximum: Binary = binary("maximum");
/** a < b as a bool; no gradient. */
export const less: Binary = binary("less");
/** a = b as a bool; no gradient. */
export const equal: Binary = binary("equal");

/** The smaller of a and b. */
export function minimum(a: Operand, b: Operand): Value {
  const [left, right] = operands("minimum", a, b);
  return neg(maximum(neg(left), neg(right)));
}

/** a where the bool condition holds, else b. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const [left, right] = operands("where", a, b);
  const shape = broadcastShapes("where", condition.shape, left.shape, right.shape);
  return node("where", {}, [condition, left, right], shape, left.dtype);
}

/** x in another dtype; the gradient flows between floating-point types only. */
export function cast(x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : node("cast", {}, [x], x.shape, dtype);
}
