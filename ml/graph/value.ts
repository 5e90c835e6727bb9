import type { DType } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ConvolutionGeometry, PoolGeometry } from "./geometry.ts";
import type { IndexTable } from "./index_table.ts";

type None = Record<never, never>;

/** Attributes of normalisation: axes in ascending order, and the number added to the variance. */
interface Normalizing {
  readonly axes: readonly number[];
  readonly epsilon: number;
}

/**
 * All primitives with their attributes: the whole instruction set of the compiler. Three tables are typed by this one
 * (the gradient rules, the ONNX lowering, the test interpreter), so a primitive without an entry in one of them is a
 * type error.
 *
 * Elementwise primitives of two operands broadcast as in numpy.
 */
export interface Primitives {
  /** A value that is fed from outside. With `freeRows`, the length of axis 0 is known only at run time. */
  input: { readonly name: string; readonly freeRows: boolean };
  /** A constant. */
  constant: { readonly tensor: Tensor };

  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  abs: None;
  /** −1, 0 or 1. */
  sign: None;
  tanh: None;
  sigmoid: None;
  /** The error function. */
  erf: None;
  relu: None;
  /** log(1 + eˣ). */
  softplus: None;
  sin: None;
  cos: None;
  /** The largest integer that is not larger. */
  floor: None;
  /** The smallest integer that is not smaller. */
  ceil: None;
  /** The nearest integer, halves to the even one. */
  round: None;
  /** Negation of a bool. */
  not: None;
  /** Conversion to the value's dtype. */
  cast: None;
  /** The value itself, without a gradient. */
  stopGradient: None;

  add: None;
  sub: None;
  mul: None;
  div: None;
  /** The larger one; of equal ones the first receives the gradient. */
  maximum: None;
  /** aᵇ, also of integers: real numbers as in C's pow, integers rounded towards zero. */
  pow: None;
  /** The remainder of a divided by b: with the sign of a (C's fmod) or of b. */
  mod: { readonly sign: "dividend" | "divisor" };
  /** Logical and of two bools. */
  and: None;
  /** Logical or of two bools. */
  or: None;
  /** a < b as a bool. */
  less: None;
  /** a = b as a bool. */
  equal: None;
  /** where(condition, a, b): a where the condition is true, else b. */
  where: None;

  /** Matrix product of the last two axes; the leading axes broadcast. */
  matmul: None;
  /** Sum over axes, which keep length 1 if `keep`. */
  reduceSum: { readonly axes: readonly number[]; readonly keep: boolean };
  /** Maximum over axes; equal maxima share the gradient. */
  reduceMax: { readonly axes: readonly number[]; readonly keep: boolean };
  /** (x − mean) / √(variance + epsilon) over axes; the variance is divided by n. */
  normalize: Normalizing;
  /** 1 / √(variance + epsilon) over axes, which keep length 1: the factor of normalize. */
  inverseDeviation: Normalizing;
  softmax: { readonly axis: number };
  logSoftmax: { readonly axis: number };
  /** Index of the first maximum along an axis, which is removed. */
  argMax: { readonly axis: number };

  /** Cumulative sums along an axis, from its end if `reverse`; each without its own element if `exclusive`. */
  cumSum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };
  /** Positions of the k largest or smallest elements along an axis, in order; of equal ones the first comes first. */
  topK: { readonly axis: number; readonly k: number; readonly largest: boolean };

  reshape: None;
  transpose: { readonly permutation: readonly number[] };
  broadcastTo: None;
  concat: { readonly axis: number };
  /** Elements `start` (inclusive) to `end` (exclusive) of each axis. */
  slice: { readonly start: readonly number[]; readonly end: readonly number[] };
  /** Zeros added before and after each axis. */
  pad: { readonly before: readonly number[]; readonly after: readonly number[] };

  /** Rows of a table [n, …] selected by integers of any shape. */
  gather: None;
  /** scatterAdd(indices, updates): rows added into zeros [rows, …]; the adjoint of gather. */
  scatterAdd: { readonly rows: number };
  /** gatherElements(x, indices): elements of x selected along an axis, one per index. */
  gatherElements: { readonly axis: number };
  /** scatterElements(indices, updates): added into zeros of length `length`; the adjoint of gatherElements. */
  scatterElements: { readonly axis: number; readonly length: number };
  /** Integers to vectors of 0 and 1 along a new last axis. */
  oneHot: { readonly depth: number };
  /** Row i of the result is the sum of the rows listed in a fixed table: im2col, its adjoint, and weight layouts. */
  gatherSum: { readonly table: IndexTable };
  /** Maximum over axis 0; the first of equal maxima receives the gradient. */
  foldMax: None;
  /** routeFirst(x, foldMax(x), d): d at the first maximum along axis 0, zero elsewhere. */
  routeFirst: None;

  /**
   * Numbers from [0, 1) computed from a uint32 scalar, the key: the same key and salt give the same numbers on every
   * machine. Element i is the upper 24 bits of (key or 1) · mix(mix(i) + mix(salt)) modulo 2³², where mix is
   * MurmurHash3's finaliser: multiplicative hashing (Dietzfelbinger et al., 1997) of fixed random bits, with one
   * multiplication per step.
   */
  uniform: { readonly salt: number };

  /** conv(x [b, c, h, w], w [o, c/groups, kh, kw]); images can be in blocks of channels (`geometry.block`). */
  conv: { readonly geometry: ConvolutionGeometry };
  /** convInputGrad(d, w): the adjoint of conv in x. */
  convInputGrad: { readonly geometry: ConvolutionGeometry };
  /** convWeightGrad(x, d): the adjoint of conv in w. */
  convWeightGrad: { readonly geometry: ConvolutionGeometry };
  /** Maximum of each window of x [b, c, h, w]; the first of equal maxima receives the gradient. */
  maxPool: { readonly geometry: PoolGeometry };
  /** maxPoolGrad(x, d): the adjoint of maxPool. */
  maxPoolGrad: { readonly geometry: PoolGeometry };
  /** Mean of each window of x [b, c, h, w]; padding counts as zeros. */
  avgPool: { readonly geometry: PoolGeometry };
  /** avgPoolGrad(d): the adjoint of avgPool. */
  avgPoolGrad: { readonly geometry: PoolGeometry };
}

/** The name of a primitive. */
export type Primitive = keyof Primitives;

/** One application of a primitive: a symbolic array whose shape and dtype are known. Identity is object identity. */
export interface Node<P extends Primitive> {
  readonly primitive: P;
  readonly attributes: Primitives[P];
  readonly inputs: readonly Value[];
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Any symbolic array. */
export type Value = { [P in Primitive]: Node<P> }[Primitive];

/** Creates a node of a primitive. The shape rules are in the functions of this room that call it. */
export function node<P extends Primitive>(
  primitive: P,
  attributes: Primitives[P],
  inputs: readonly Value[],
  shape: readonly number[],
  dtype: DType,
): Value {
  // The tag selects a member of the union; TypeScript cannot see that P names exactly one of them.
  return { primitive, attributes, inputs, shape, dtype } as unknown as Value;
}

/** The same primitive with the same attributes, on other inputs of the same shapes and dtypes. */
export function withInputs(value: Value, inputs: readonly Value[]): Value {
  if (inputs.every((input, i) => input === value.inputs[i])) return value;
  return { ...value, inputs };
}

/** A value that is fed from outside under a name. */
export function input(
  name: string,
  dtype: DType,
  shape: readonly number[],
  options: { freeRows?: boolean } = {},
): Value {
  return node("input", { name, freeRows: options.freeRows ?? false }, [], shape, dtype);
}

/** A constant. */
export function constant(tensor: Tensor): Value {
  return node("constant", { tensor }, [], tensor.shape, tensor.dtype);
}
