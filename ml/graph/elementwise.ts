import type { DType } from "../../tensor/dtype.ts";
import { arrayConstructor } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { broadcastShapes, requireSameType } from "./shape.ts";
import { constant, node, type Value } from "./value.ts";

/** A symbolic array or a number, which is converted to the other operand's dtype. */
export type Operand = Value | number;

/** The primitives that make each number of one array another, of the same type. */
export const UNARY_PRIMITIVES = [
  "neg",
  "exp",
  "log",
  "sqrt",
  "abs",
  "sign",
  "tanh",
  "sigmoid",
  "erf",
  "relu",
  "softplus",
  "sin",
  "cos",
  "floor",
  "ceil",
  "round",
  "not",
  "stopGradient",
] as const;

/** One of {@link UNARY_PRIMITIVES}. */
export type UnaryPrimitive = typeof UNARY_PRIMITIVES[number];

/** A function of each number of an array; the result has the same shape. */
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
/** max(x, 0); the gradient at 0 is 0, as in PyTorch. */
export const relu: Unary = unary("relu");
/** log(1 + eˣ), without overflow. */
export const softplus: Unary = unary("softplus");
/** The sine of an angle in radians. */
export const sin: Unary = unary("sin");
/** The cosine of an angle in radians. */
export const cos: Unary = unary("cos");
/** The largest integer that is not larger; no gradient. */
export const floor: Unary = unary("floor");
/** The smallest integer that is not smaller; no gradient. */
export const ceil: Unary = unary("ceil");
/** The nearest integer, halves to the even one; no gradient. */
export const round: Unary = unary("round");
/** Negation of a bool; no gradient. */
export const not: Unary = unary("not");
/** x itself, without a gradient. */
export const stopGradient: Unary = unary("stopGradient");

/** A constant of one repeated number (default: a scalar). */
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

/** An elementwise function of two arrays; shapes broadcast as in NumPy. */
export type Binary = (a: Operand, b: Operand) => Value;

type BinaryPrimitive =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "maximum"
  | "and"
  | "or"
  | "less"
  | "equal";

const binary = (primitive: BinaryPrimitive): Binary => (a, b) => {
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

/** Logical and of two bools; no gradient. */
export const and: Binary = binary("and");
/** Logical or of two bools; no gradient. */
export const or: Binary = binary("or");

/** a ≤ b as a bool, false if one of them is NaN; no gradient. */
export function lessOrEqual(a: Operand, b: Operand): Value {
  return or(less(a, b), equal(a, b));
}

/**
 * Reverses the order of numbers, and is its own inverse: −x for real numbers. Signed integers have one more negative
 * number than positive ones, and unsigned ones have no negative numbers: theirs is −1 − x. A bool is negated.
 */
export function reversed(x: Value): Value {
  if (x.dtype.startsWith("float")) return neg(x);
  return x.dtype === "bool" ? not(x) : sub(fill(-1, x.dtype), x);
}

/** The smaller of a and b. */
export function minimum(a: Operand, b: Operand): Value {
  const [left, right] = operands("minimum", a, b);
  return reversed(maximum(reversed(left), reversed(right)));
}

/**
 * aᵇ in the dtype of a. The exponent can have another dtype.
 *
 * @throws FlwrError "invalid-argument" when the shapes do not broadcast to each other
 */
export function pow(a: Value, b: Value): Value {
  return node("pow", {}, [a, b], broadcastShapes("pow", a.shape, b.shape), a.dtype);
}

/** The remainder of a divided by b, with the sign of a (C's fmod) or of b. */
export function mod(a: Operand, b: Operand, sign: "dividend" | "divisor" = "dividend"): Value {
  const [left, right] = operands("mod", a, b);
  const shape = broadcastShapes("mod", left.shape, right.shape);
  return node("mod", { sign }, [left, right], shape, left.dtype);
}

/** a where the condition (bool) is true, else b. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const [left, right] = operands("where", a, b);
  const shape = broadcastShapes("where", condition.shape, left.shape, right.shape);
  return node("where", {}, [condition, left, right], shape, left.dtype);
}

/** x in another dtype; gradients pass between floating-point types only. */
export function cast(x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : node("cast", {}, [x], x.shape, dtype);
}
