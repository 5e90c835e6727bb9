import { FlwrError } from "../../base/error.ts";
import { arrayConstructor, type DType, type TypedArray } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { constant, type Node, type Primitive, type Value } from "../graph/value.ts";

/** Most elements of an array that is computed while a graph is read: takes about 0.2 s. */
const MAX_FOLDED_ELEMENTS = 2 ** 20;

/** The origin of each element of a result: the input, and the flat position there. */
type Source = (flat: number) => readonly [input: number, flat: number];

function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

/** Maps flat positions in a shape to those in an operand that numpy's rule stretches to it. */
function stretched(from: readonly number[], to: readonly number[]): (flat: number) => number {
  const lead = to.length - from.length;
  const own = stridesOf(from);
  const steps = to.map((_, axis) => axis < lead || from[axis - lead] === 1 ? 0 : own[axis - lead]!);
  return walk(to, steps);
}

/** Maps flat positions in a shape to flat positions elsewhere, with one step per axis. */
function walk(shape: readonly number[], steps: readonly number[], start = 0) {
  const strides = stridesOf(shape);
  return (flat: number) =>
    shape.reduce(
      (sum, length, axis) => sum + Math.floor(flat / strides[axis]!) % length * steps[axis]!,
      start,
    );
}

function concatSource(parts: readonly Tensor[], axis: number, shape: readonly number[]): Source {
  const inner = elementCount(shape.slice(axis + 1));
  return (flat) => {
    const outer = Math.floor(flat / (inner * shape[axis]!));
    let along = Math.floor(flat / inner) % shape[axis]!;
    let part = 0;
    while (along >= parts[part]!.shape[axis]!) along -= parts[part++]!.shape[axis]!;
    return [part, (outer * parts[part]!.shape[axis]! + along) * inner + flat % inner];
  };
}

function gatherSource([table, indices]: readonly Tensor[], shape: readonly number[]): Source {
  const [rows, ...rest] = table!.shape as [number, ...number[]];
  const width = elementCount(rest);
  if (elementCount(shape) > 0) {
    for (const index of indices!.data) {
      if (Number(index) >= -rows && Number(index) < rows) continue;
      throw new FlwrError("invalid-argument", `Index ${index} is outside of ${rows} rows`);
    }
  }
  return (flat) => {
    const index = Number(indices!.data[Math.floor(flat / width)]);
    return [0, (index < 0 ? index + rows : index) * width + flat % width];
  };
}

/** The origin of each element for values that only move elements; undefined for other values. */
function sourceOf(value: Value, inputs: readonly Tensor[]): Source | undefined {
  const { shape } = value;
  const only = (position: (flat: number) => number): Source => (flat) => [0, position(flat)];
  const from = inputs[0]?.shape ?? [];
  switch (value.primitive) {
    case "reshape":
    case "stopGradient":
      return only((flat) => flat);
    case "broadcastTo":
      return only(stretched(from, shape));
    case "transpose": {
      const strides = stridesOf(from);
      return only(walk(shape, value.attributes.permutation.map((axis) => strides[axis]!)));
    }
    case "slice": {
      const strides = stridesOf(from);
      const start = value.attributes.start.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
      return only(walk(shape, strides, start));
    }
    case "concat":
      return concatSource(inputs, value.attributes.axis, shape);
    case "gather":
      return gatherSource(inputs, shape);
    default:
      return undefined;
  }
}

/** Elementwise operations on real numbers and booleans. */
const ARITHMETIC: { readonly [P in Primitive]?: (...x: number[]) => number } = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  abs: Math.abs,
  sign: Math.sign,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  relu: (x) => Math.max(x, 0),
  sin: Math.sin,
  cos: Math.cos,
  floor: Math.floor,
  ceil: Math.ceil,
  round: (x) => Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x),
  not: (x) => Number(x === 0),
  cast: (x) => x,
  add: (a, b) => a! + b!,
  sub: (a, b) => a! - b!,
  mul: (a, b) => a! * b!,
  div: (a, b) => a! / b!,
  maximum: Math.max,
  // In JavaScript, 1 to the power of NaN is NaN; in C it is 1.
  pow: (a, b) => a === 1 || (a === -1 && Math.abs(b!) === Infinity) ? 1 : a! ** b!,
  mod: (a, b) => a! % b!,
  and: (a, b) => Number(a !== 0 && b !== 0),
  or: (a, b) => Number(a !== 0 || b !== 0),
  less: (a, b) => Number(a! < b!),
  equal: (a, b) => Number(a === b),
  where: (condition, a, b) => condition !== 0 ? a! : b!,
};

const magnitude = (x: bigint) => x < 0n ? -x : x;

/**
 * Like {@link ARITHMETIC}, for integers: JavaScript numbers would round them from 2⁵³ on. Undefined where no result is
 * defined.
 */
const WHOLE_ARITHMETIC: { readonly [P in Primitive]?: (...x: bigint[]) => bigint | undefined } = {
  neg: (x) => -x!,
  abs: (x) => magnitude(x!),
  sign: (x) => x! > 0n ? 1n : x! < 0n ? -1n : 0n,
  relu: (x) => x! > 0n ? x! : 0n,
  cast: (x) => x!,
  add: (a, b) => a! + b!,
  sub: (a, b) => a! - b!,
  mul: (a, b) => a! * b!,
  div: (a, b) => b === 0n ? undefined : a! / b!,
  maximum: (a, b) => a! > b! ? a! : b!,
  pow: (a, b) => b! < 0n || b! > 64n && magnitude(a!) > 1n ? undefined : a! ** b!,
  mod: (a, b) => b === 0n ? undefined : a! % b!,
  less: (a, b) => BigInt(a! < b!),
  equal: (a, b) => BigInt(a === b),
  where: (condition, a, b) => condition !== 0n ? a! : b!,
};

/** The remainder with the divisor's sign. */
function signed(remainder: bigint, divisor: bigint): bigint {
  const differs = remainder !== 0n && (remainder < 0n) !== (divisor < 0n);
  return differs ? remainder + divisor : remainder;
}

const isReal = (dtype: DType) => dtype.startsWith("float");

/** Stores an integer, cut to the bits of its type as in C. Returns false for undefined, which cannot be stored. */
function setWhole(data: TypedArray, dtype: DType, i: number, whole: bigint | undefined): boolean {
  if (whole === undefined) return false;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = whole;
  else data[i] = dtype === "bool" ? Number(whole !== 0n) : Number(BigInt.asIntN(32, whole));
  return true;
}

function computedWhole(value: Value, inputs: readonly Tensor[]): Tensor | undefined {
  const operation = WHOLE_ARITHMETIC[value.primitive];
  if (operation === undefined) return undefined;
  const data = new (arrayConstructor(value.dtype))(elementCount(value.shape));
  const positions = inputs.map(({ shape }) => stretched(shape, value.shape));
  const byDivisor = value.primitive === "mod" && value.attributes.sign === "divisor";
  for (let i = 0; i < data.length; i++) {
    const operands = inputs.map(({ data }, k) => BigInt(data[positions[k]!(i)]!));
    const result = operation(...operands);
    const whole = byDivisor && result !== undefined ? signed(result, operands[1]!) : result;
    if (!setWhole(data, value.dtype, i, whole)) return undefined;
  }
  return tensor(value.dtype, value.shape, data);
}

/** Real numbers cast to integers or booleans; undefined if one is out of range, for which C defines no result. */
function cutOff(value: Value, [x]: readonly Tensor[]): Tensor | undefined {
  const data = new (arrayConstructor(value.dtype))(elementCount(value.shape));
  for (let i = 0; i < data.length; i++) {
    const number = Math.trunc(Number(x!.data[i]));
    if (value.dtype === "bool") data[i] = Number(Number(x!.data[i]) !== 0);
    else if (!(Math.abs(number) < 2 ** 63) || !setWhole(data, value.dtype, i, BigInt(number))) {
      return undefined;
    }
    if (value.dtype !== "bool" && Number(data[i]) !== number) return undefined;
  }
  return tensor(value.dtype, value.shape, data);
}

function computed(value: Value, inputs: readonly Tensor[]): Tensor | undefined {
  // The condition of `where` is not an operand.
  const operands = value.primitive === "where" ? inputs.slice(1) : inputs;
  const areReal = operands.map(({ dtype }) => isReal(dtype));
  if (!areReal.includes(true) && value.dtype !== "bool" && !isReal(value.dtype)) {
    return computedWhole(value, inputs);
  }
  if (!areReal.includes(true) && (value.primitive === "less" || value.primitive === "equal")) {
    return computedWhole(value, inputs);
  }
  if (value.primitive === "cast" && areReal[0] && !isReal(value.dtype)) {
    return cutOff(value, inputs);
  }
  const operation = ARITHMETIC[value.primitive];
  // Powers of integers with real exponents are left to ONNX Runtime.
  if (operation === undefined || (areReal.includes(true) && areReal.includes(false))) {
    return undefined;
  }
  const data = new (arrayConstructor(value.dtype))(elementCount(value.shape)) as Float32Array;
  const positions = inputs.map(({ shape }) => stretched(shape, value.shape));
  for (let i = 0; i < data.length; i++) {
    data[i] = operation(...inputs.map(({ data }, k) => Number(data[positions[k]!(i)])));
  }
  return tensor(value.dtype, value.shape, data as never);
}

function moved(value: Value, inputs: readonly Tensor[]): Tensor | undefined {
  const source = sourceOf(value, inputs);
  if (source === undefined) return undefined;
  const data = new (arrayConstructor(value.dtype))(elementCount(value.shape));
  for (let i = 0; i < data.length; i++) {
    const [input, position] = source(i);
    // Both arrays have the value's dtype. int64 must not be converted to numbers, which would change INT64_MAX.
    (data as { [i: number]: number | bigint })[i] = inputs[input]!.data[position]!;
  }
  return tensor(value.dtype, value.shape, data);
}

const isConstant = (value: Value): value is Node<"constant"> => value.primitive === "constant";

/**
 * Evaluates values that depend only on constants, if they are small. Exporters write shapes as chains of small
 * operators; all of them are known once the shape of the input is.
 */
export class ConstantFolder {
  readonly #folded = new WeakMap<Value, Value>();

  /** The value itself, a constant equal to it, or the same value with folded inputs. */
  fold(value: Value): Value {
    const known = this.#folded.get(value);
    if (known !== undefined) return known;
    const inputs = value.inputs.map((input) => this.fold(input));
    const same = inputs.every((input, i) => input === value.inputs[i]);
    const rebuilt: Value = same ? value : { ...value, inputs };
    const result = this.#constant(rebuilt, inputs) ?? rebuilt;
    this.#folded.set(value, result);
    this.#folded.set(result, result);
    return result;
  }

  #constant(value: Value, inputs: readonly Value[]): Value | undefined {
    if (inputs.length === 0 || elementCount(value.shape) > MAX_FOLDED_ELEMENTS) return undefined;
    if (!inputs.every(isConstant)) return undefined;
    const tensors = inputs.map(({ attributes: { tensor } }) => tensor);
    const result = moved(value, tensors) ?? computed(value, tensors);
    return result === undefined ? undefined : constant(result);
  }
}
