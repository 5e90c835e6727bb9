import type { DType } from "../../tensor/dtype.ts";
import type { Operator } from "../onnx/operators.ts";
import type { Primitive, Value } from "../graph/value.ts";
import { KERNEL_TYPES } from "./kernel_table.ts";

/**
 * The ONNX operator whose kernels decide in which types a primitive can be computed, and the inputs that must have that
 * type.
 */
interface Need {
  readonly op: Operator;
  /** Positions of the inputs that have the type (default: all). */
  readonly operands?: readonly number[];
  /** Whether the type of the result is fixed, independent of the inputs'. */
  readonly fixedResult?: boolean;
}

const NEEDS: { readonly [P in Primitive]?: Need } = {
  neg: { op: "Neg" },
  exp: { op: "Exp" },
  log: { op: "Log" },
  sqrt: { op: "Sqrt" },
  abs: { op: "Abs" },
  sign: { op: "Sign" },
  tanh: { op: "Tanh" },
  sigmoid: { op: "Sigmoid" },
  erf: { op: "Erf" },
  relu: { op: "Relu" },
  softplus: { op: "Softplus" },
  sin: { op: "Sin" },
  cos: { op: "Cos" },
  floor: { op: "Floor" },
  ceil: { op: "Ceil" },
  round: { op: "Round" },
  not: { op: "Not" },
  add: { op: "Add" },
  sub: { op: "Sub" },
  mul: { op: "Mul" },
  div: { op: "Div" },
  maximum: { op: "Max" },
  pow: { op: "Pow" },
  mod: { op: "Mod" },
  and: { op: "And" },
  or: { op: "Or" },
  less: { op: "Less", fixedResult: true },
  equal: { op: "Equal", fixedResult: true },
  where: { op: "Where", operands: [1, 2] },
  matmul: { op: "MatMul" },
  reduceSum: { op: "ReduceSum" },
  reduceMax: { op: "ReduceMax" },
  softmax: { op: "Softmax" },
  logSoftmax: { op: "LogSoftmax" },
  // Both are computed with square roots.
  normalize: { op: "Sqrt" },
  inverseDeviation: { op: "Sqrt" },
  argMax: { op: "ArgMax", fixedResult: true },
  topK: { op: "TopK", fixedResult: true },
  cumSum: { op: "CumSum" },
  reshape: { op: "Reshape" },
  transpose: { op: "Transpose" },
  broadcastTo: { op: "Expand" },
  concat: { op: "Concat" },
  slice: { op: "Slice" },
  pad: { op: "Pad" },
  gather: { op: "Gather", operands: [0] },
  gatherElements: { op: "GatherElements", operands: [0] },
  scatterAdd: { op: "ScatterElements", operands: [1] },
  scatterElements: { op: "ScatterElements", operands: [1] },
  conv: { op: "Conv" },
  convInputGrad: { op: "ConvTranspose" },
  maxPool: { op: "MaxPool" },
  avgPool: { op: "AveragePool" },
};

/** Wider types in which the sums and products of a type's numbers are the same once they are cast back. */
const WIDER: { readonly [D in DType]?: readonly DType[] } = {
  bool: ["uint8", "int32"],
  int8: ["int32", "int64"],
  uint8: ["int32", "int64"],
  int16: ["int32", "int64"],
  uint16: ["int32", "int64"],
  int32: ["int64"],
  uint32: ["int64"],
};

/** How a value is computed: with which operator, in which type. */
export interface Computing {
  /** Type of the numbers that the value is computed from. */
  readonly own: DType;
  /** Type that they are computed in; undefined if ONNX Runtime has no kernel for them in any suitable type. */
  readonly type?: DType;
  /** Positions of the inputs that have the type. */
  readonly operands: readonly number[];
  /** Whether the result has the type too. */
  readonly typedResult: boolean;
  readonly op: Operator;
}

/**
 * The type and operator that a value is computed with; undefined if its primitive works for all types, or for float32
 * only.
 */
export function computing(value: Value): Computing | undefined {
  const need = NEEDS[value.primitive];
  if (need === undefined) return undefined;
  const { op, fixedResult = false } = need;
  const operands = need.operands ?? value.inputs.map((_, i) => i);
  const own = value.inputs[operands[0]!]!.dtype;
  const kernels = KERNEL_TYPES[op] ?? ["float32"];
  const type = [own, ...WIDER[own] ?? []].find((dtype) => kernels.includes(dtype));
  // The exponent of a power may have another type than the base.
  if (value.primitive === "pow") {
    const fits = type !== undefined && kernels.includes(value.inputs[1]!.dtype);
    return { op, own, type: fits ? type : undefined, operands: [0], typedResult: true };
  }
  return { op, own, type, operands, typedResult: !fixedResult };
}
