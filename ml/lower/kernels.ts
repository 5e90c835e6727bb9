import type { DType } from "../../tensor/dtype.ts";
import type { Operator } from "../onnx/operators.ts";
import type { Primitive, Value } from "../graph/value.ts";
import { KERNEL_TYPES } from "./kernel_table.ts";

/** The operator that decides for which types a primitive can be computed, and which of its inputs have that type. */
interface Need {
  readonly op: Operator;
  /** Inputs of the type (default: all). */
  readonly operands?: readonly number[];
  /** Whether the result is of another type, whatever that of the inputs is. */
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
  // Both are computed with roots.
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

/** Types that hold all numbers of a type, in which sums and products are the same when they are cut to it again. */
const WIDER: { readonly [D in DType]?: readonly DType[] } = {
  bool: ["uint8", "int32"],
  int8: ["int32", "int64"],
  uint8: ["int32", "int64"],
  int16: ["int32", "int64"],
  uint16: ["int32", "int64"],
  int32: ["int64"],
  uint32: ["int64"],
};

/** How a value is computed. */
export interface Computing {
  /** Type of the numbers that a value is computed from. */
  readonly own: DType;
  /** Type in which they are computed; undefined when ONNX Runtime has no kernel for them in any that would do. */
  readonly type?: DType;
  /** The inputs that have it. */
  readonly operands: readonly number[];
  /** Whether the result has it, too. */
  readonly typedResult: boolean;
  readonly op: Operator;
}

/** In which type a value is computed; undefined when its primitive is for all types, or for float32 alone. */
export function computing(value: Value): Computing | undefined {
  const need = NEEDS[value.primitive];
  if (need === undefined) return undefined;
  const { op, fixedResult = false } = need;
  const operands = need.operands ?? value.inputs.map((_, i) => i);
  const own = value.inputs[operands[0]!]!.dtype;
  const kernels = KERNEL_TYPES[op] ?? ["float32"];
  const type = [own, ...WIDER[own] ?? []].find((dtype) => kernels.includes(dtype));
  // The exponent of a power may be of a type of its own.
  if (value.primitive === "pow") {
    const fits = type !== undefined && kernels.includes(value.inputs[1]!.dtype);
    return { op, own, type: fits ? type : undefined, operands: [0], typedResult: true };
  }
  return { op, own, type, operands, typedResult: !fixedResult };
}
