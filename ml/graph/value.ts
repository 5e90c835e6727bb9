import type { DType } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ConvolutionGeometry, PoolGeometry } from "./geometry.ts";
import type { IndexTable } from "./index_table.ts";

type None = Record<never, never>;

/** Axes that numbers are normalised over, in ascending order, and what is added to the variance. */
interface Normalizing {
  readonly axes: readonly number[];
  readonly epsilon: number;
}

/**
 * Every primitive with its attributes: the whole instruction set of the compiler. Three tables are typed by this one
 * (the gradient rules, the ONNX lowering, the test interpreter), so a primitive that lacks an entry does not compile.
 *
 * Elementwise primitives of two operands broadcast as numpy does.
 */
export interface Primitives {
  /** A value fed from outside. With `freeRows` the length of axis 0 is only known at run time. */
  input: { readonly name: string; readonly freeRows: boolean };
  /** A value known now. */
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
  /** The largest whole number that is not larger. */
  floor: None;
  /** The smallest whole number that is not smaller. */
  ceil: None;
  /** The nearest whole number, of two as near the even one. */
  round: None;
  /** Whether a bool is false. */
  not: None;
  /** Conversion to the value's dtype. */
  cast: None;
  /** The value itself, but no gradient flows back. */
  stopGradient: None;

  add: None;
  sub: None;
  mul: None;
  div: None;
  /** The larger one; of equal ones the first takes the gradient. */
  maximum: None;
  /** aᵇ, also of integers: real numbers as in C's pow, integers rounded towards zero. */
  pow: None;
  /** What is left of a when whole multiples of b are taken off: with the sign of a (C's fmod) or that of b. */
  mod: { readonly sign: "dividend" | "divisor" };
  /** Whether both of two bools hold. */
  and: None;
  /** Whether one of two bools holds at least. */
  or: None;
  /** a < b as a bool. */
  less: None;
  /** a = b as a bool. */
  equal: None;
  /** where(condition, a, b): a where the condition holds, else b. */
  where: None;

  /** Matrix product of the last two axes; the leading axes broadcast. */
  matmul: None;
  /** Sum over axes, which stay as length 1 when `keep`. */
  reduceSum: { readonly axes: readonly number[]; readonly keep: boolean };
  /** Maximum over axes; equal maxima share the gradient. */
  reduceMax: { readonly axes: readonly number[]; readonly keep: boolean };
  /** (x − mean) / √(variance + epsilon) over axes; the variance is that of the elements themselves (divided by n). */
  normalize: Normalizing;
  /** 1 / √(variance + epsilon) over axes, which stay as length 1: what normalize multiplies with. */
  inverseDeviation: Normalizing;
  softmax: { readonly axis: number };
  logSoftmax: { readonly axis: number };
  /** Index of the first maximum along an axis, which goes away. */
  argMax: { readonly axis: number };

  /** Sums of the elements up to each along an axis, or from each on; without the element itself when `exclusive`. */
  cumSum: { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };
  /** Positions of the k largest or smallest elements along an axis, the best first; of equal ones the first. */
  topK: { readonly axis: number; readonly k: number; readonly largest: boolean };

  reshape: None;
  transpose: { readonly permutation: readonly number[] };
  broadcastTo: None;
  concat: { readonly axis: number };
  /** Elements `start` (inclusive) to `end` (exclusive) of each axis. */
  slice: { readonly start: readonly number[]; readonly end: readonly number[] };
  /** Zeros put before and after each axis. */
  pad: { readonly before: readonly number[]; readonly after: readonly number[] };

  /** Rows of a table [n, …] chosen by integers of any shape. */
  gather: None;
  /** scatterAdd(indices, updates): rows added up into zeros [rows, …]; the adjoint of gather. */
  scatterAdd: { readonly rows: number };
  /** gatherElements(x, indices): elements of x chosen along an axis, one for each index. */
  gatherElements: { readonly axis: number };
  /** scatterElements(indices, updates): added up into zeros that are `length` long; the adjoint of gatherElements. */
  scatterElements: { readonly axis: number; readonly length: number };
  /** Integers to vectors of 0 and 1 along a new last axis. */
  oneHot: { readonly depth: number };
  /** Row i of the result is the sum of the rows that a fixed table names: im2col, its adjoint, and weight layouts. */
  gatherSum: { readonly table: IndexTable };
  /** Maximum over axis 0; the first of equal maxima takes the gradient. */
  foldMax: None;
  /** routeFirst(x, foldMax(x), d): d at the first maximum along axis 0, zero elsewhere. */
  routeFirst: None;

  /**
   * Numbers from [0, 1) made out of a uint32 scalar, the key: the same key and salt give the same numbers, on every
   * machine. Element i is the upper 24 bits of (key or 1) · mix(mix(i) + mix(salt)) modulo 2³², mix being MurmurHash3's
   * finaliser: multiplicative hashing (Dietzfelbinger et al., 1997) of fixed random bits, one multiplication per step.
   */
  uniform: { readonly salt: number };

  /** conv(x [b, c, h, w], w [o, c/groups, kh, kw]); images may be in blocks of channels (`geometry.block`). */
  conv: { readonly geometry: ConvolutionGeometry };
  /** convInputGrad(d, w): the adjoint of conv in x. */
  convInputGrad: { readonly geometry: ConvolutionGeometry };
  /** convWeightGrad(x, d): the adjoint of conv in w. */
  convWeightGrad: { readonly geometry: ConvolutionGeometry };
  /** Maximum of each window of x [b, c, h, w]; the first of equal maxima takes the gradient. */
  maxPool: { readonly geometry: PoolGeometry };
  /** maxPoolGrad(x, d): the adjoint of maxPool. */
  maxPoolGrad: { readonly geometry: PoolGeometry };
  /** Mean of each window of x [b, c, h, w], the padding counting as zeros. */
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

/** Makes a node of a primitive; the shape rules are in the functions of this room that call it. */
export function node<P extends Primitive>(
  primitive: P,
  attributes: Primitives[P],
  inputs: readonly Value[],
  shape: readonly number[],
  dtype: DType,
): Value {
  // A union member is looked up by its tag; TypeScript cannot see that P names exactly one of them.
  return { primitive, attributes, inputs, shape, dtype } as unknown as Value;
}

/** The same primitive with the same attributes on other inputs of the same shapes and dtypes. */
export function withInputs(value: Value, inputs: readonly Value[]): Value {
  if (inputs.every((input, i) => input === value.inputs[i])) return value;
  return { ...value, inputs };
}

/** A value fed from outside under a name. */
export function input(
  name: string,
  dtype: DType,
  shape: readonly number[],
  options: { freeRows?: boolean } = {},
): Value {
  return node("input", { name, freeRows: options.freeRows ?? false }, [], shape, dtype);
}

/** A value known now. */
export function constant(tensor: Tensor): Value {
  return node("constant", { tensor }, [], tensor.shape, tensor.dtype);
}
