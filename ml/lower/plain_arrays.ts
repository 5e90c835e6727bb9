import { arrayConstructor, type DType } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { elementType } from "../onnx/element_type.ts";
import { hasGaps } from "../graph/index_table.ts";
import { elementBits } from "../graph/random.ts";
import type { Value } from "../graph/value.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";
import type { Operator } from "../onnx/operators.ts";
import { gatherRows, sumTaps } from "./gather_rows.ts";
import type { UnaryPrimitive } from "../graph/elementwise.ts";
import { inverseOf, normalizedValues } from "./normalized.ts";
import type { PlainLowering, PlainLowerings } from "./tile.ts";

type Elementwise =
  | Exclude<UnaryPrimitive, "stopGradient">
  | "add"
  | "sub"
  | "mul"
  | "and"
  | "or"
  | "pow"
  | "maximum"
  | "less"
  | "equal"
  | "where"
  | "matmul";

const operator = (op: Operator): PlainLowering<Elementwise> => (builder, _, names) =>
  builder.node(op, names);

function rangeAlong(x: Value, axis: number): { shape: number[]; data: BigInt64Array } {
  const length = x.shape[axis]!;
  return {
    shape: x.shape.map((_, other) => other === axis ? length : 1),
    data: BigInt64Array.from({ length }, (_, i) => BigInt(i)),
  };
}

function number32(builder: GraphBuilder, value: number): string {
  return builder.constant(tensor("uint32", [], Uint32Array.of(value)));
}

function wholeNumber(dtype: DType, value: number): Tensor {
  const data = new (arrayConstructor(dtype))(1);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[0] = BigInt(value);
  else data[0] = value;
  return tensor(dtype, [], data) as Tensor;
}

/**
 * A divisor of integers that is safe for Div: dividing the smallest integer by −1 ends the process. Returns 1 in place
 * of −1 there.
 */
function safeDivisor(builder: GraphBuilder, value: Value, name: string) {
  const isRisky = value.dtype === "int32" || value.dtype === "int64";
  const known = value.primitive === "constant" ? value.attributes.tensor : undefined;
  if (!isRisky || known?.data.every((number) => Number(number) !== -1)) return { divisor: name };
  const [one, minusOne] = [1, -1].map((n) => builder.constant(wholeNumber(value.dtype, n)));
  const isMinusOne = builder.node("Equal", [name, minusOne!]);
  return { divisor: builder.node("Where", [isMinusOne, one!, name]), isMinusOne };
}

/** Plain lowerings of all primitives but convolution and pooling. */
export const plainArrays = {
  constant: (builder, { attributes: { tensor } }) => builder.constant(tensor),
  neg: operator("Neg"),
  exp: operator("Exp"),
  log: operator("Log"),
  sqrt: operator("Sqrt"),
  abs: operator("Abs"),
  sign: operator("Sign"),
  tanh: operator("Tanh"),
  sigmoid: operator("Sigmoid"),
  erf: operator("Erf"),
  relu: operator("Relu"),
  softplus: operator("Softplus"),
  sin: operator("Sin"),
  cos: operator("Cos"),
  floor: operator("Floor"),
  ceil: operator("Ceil"),
  round: operator("Round"),
  not: operator("Not"),
  cast: (builder, { dtype }, names) =>
    builder.node("Cast", names, { to: { int: elementType(dtype) } }),
  stopGradient: (_, __, [x]) => x!,
  add: operator("Add"),
  sub: operator("Sub"),
  mul: operator("Mul"),
  div: (builder, { inputs: [, b], dtype }, [x, y]) => {
    const safe = safeDivisor(builder, b!, y!);
    const quotient = builder.node("Div", [x!, safe.divisor]);
    if (safe.isMinusOne === undefined) return quotient;
    const zero = builder.constant(wholeNumber(dtype, 0));
    return builder.node("Where", [safe.isMinusOne, builder.node("Sub", [zero, x!]), quotient]);
  },
  mod: (builder, { attributes: { sign }, inputs: [, b] }, [x, y]) =>
    builder.node("Mod", [x!, safeDivisor(builder, b!, y!).divisor], {
      fmod: { int: Number(sign === "dividend") },
    }),
  pow: operator("Pow"),
  and: operator("And"),
  or: operator("Or"),
  maximum: operator("Max"),
  less: operator("Less"),
  equal: operator("Equal"),
  where: operator("Where"),
  matmul: operator("MatMul"),
  reduceSum: (builder, { attributes: { axes, keep } }, [x]) =>
    builder.node("ReduceSum", [x!, builder.ints(axes)], { keepdims: { int: Number(keep) } }),
  reduceMax: (builder, { attributes: { axes, keep } }, [x]) =>
    builder.node("ReduceMax", [x!, builder.ints(axes)], { keepdims: { int: Number(keep) } }),
  normalize: (builder, { attributes, inputs: [x] }, [name]) =>
    normalizedValues(builder, x!, name!, attributes),
  inverseDeviation: (builder, { attributes, inputs: [x] }, [name]) =>
    inverseOf(builder, x!, name!, attributes),
  softmax: (builder, { attributes: { axis } }, names) =>
    builder.node("Softmax", names, { axis: { int: axis } }),
  logSoftmax: (builder, { attributes: { axis } }, names) =>
    builder.node("LogSoftmax", names, { axis: { int: axis } }),
  argMax: (builder, { attributes: { axis } }, names) =>
    builder.node("ArgMax", names, { axis: { int: axis }, keepdims: { int: 0 } }),
  cumSum: (builder, { attributes: { axis, exclusive, reverse } }, [x]) =>
    builder.node("CumSum", [x!, builder.constant(wholeNumber("int64", axis))], {
      exclusive: { int: Number(exclusive) },
      reverse: { int: Number(reverse) },
    }),
  topK: (builder, { attributes: { axis, k, largest } }, [x]) =>
    builder.nodes("TopK", [x!, builder.ints([k])], 2, {
      axis: { int: axis },
      largest: { int: Number(largest) },
    })[1]!,
  reshape: (builder, { shape }, [x]) =>
    // Without allowzero, Reshape reads a length of 0 as "unchanged".
    builder.node("Reshape", [x!, builder.ints(shape)], {
      ...(shape.includes(0) && { allowzero: { int: 1 } }),
    }),
  transpose: (builder, { attributes: { permutation } }, names) =>
    builder.node("Transpose", names, { perm: { ints: permutation } }),
  broadcastTo: (builder, { shape }, [x]) => builder.node("Expand", [x!, builder.ints(shape)]),
  concat: (builder, { attributes: { axis } }, names) =>
    builder.node("Concat", names, { axis: { int: axis } }),
  slice: (builder, { attributes: { start, end } }, [x]) =>
    builder.node("Slice", [x!, builder.ints(start), builder.ints(end)]),
  pad: (builder, { attributes: { before, after } }, [x]) =>
    builder.node("Pad", [x!, builder.ints([...before, ...after])]),
  gather: (builder, _, names) => builder.node("Gather", names, { axis: { int: 0 } }),
  scatterAdd: (builder, { shape, attributes: { rows }, inputs }, [indices, updates]) => {
    const count = elementCount(inputs[0]!.shape);
    const width = shape.slice(1);
    // ScatterND would add in parallel without locks; ScatterElements adds sequentially.
    const flat = builder.node("Reshape", [
      indices!,
      builder.ints([count, ...width.map(() => 1)]),
    ]);
    const at = builder.node("Expand", [flat, builder.ints([count, ...width])]);
    const rowsOfUpdates = builder.node("Reshape", [updates!, builder.ints([count, ...width])]);
    return builder.node(
      "ScatterElements",
      [builder.zeros([rows, ...width]), at, rowsOfUpdates],
      {
        axis: { int: 0 },
        reduction: { string: "add" },
      },
    );
  },
  gatherElements: (builder, { attributes: { axis } }, names) =>
    builder.node("GatherElements", names, { axis: { int: axis } }),
  scatterElements: (builder, { shape, attributes: { axis } }, [indices, updates]) =>
    builder.node("ScatterElements", [builder.zeros(shape), indices!, updates!], {
      axis: { int: axis },
      reduction: { string: "add" },
    }),
  oneHot: (builder, { attributes: { depth }, inputs: [indices] }, [x]) => {
    const column = builder.node("Reshape", [x!, builder.ints([...indices!.shape, 1])]);
    const wide = builder.node("Cast", [column], { to: { int: elementType("int64") } });
    const range = builder.ints(Array.from({ length: depth }, (_, i) => i));
    const hit = builder.node("Equal", [wide, range]);
    return builder.node("Cast", [hit], { to: { int: elementType("float32") } });
  },
  uniform: (builder, { shape, attributes: { salt } }, [key]) => {
    const bits = Uint32Array.from({ length: elementCount(shape) }, (_, i) => elementBits(i, salt));
    const odd = builder.node("BitwiseOr", [key!, number32(builder, 1)]);
    const mixed = builder.node("Mul", [builder.constant(tensor("uint32", shape, bits)), odd]);
    const right = { direction: { string: "RIGHT" } };
    const upper = builder.node("BitShift", [mixed, number32(builder, 8)], right);
    const whole = builder.node("Cast", [upper], { to: { int: elementType("float32") } });
    return builder.node("Mul", [whole, builder.floats(2 ** -24)]);
  },
  gatherSum: (builder, value, [x]) => {
    const { table } = value.attributes;
    const rest = value.shape.slice(1);
    const padded = hasGaps(table)
      ? builder.node("Concat", [x!, builder.floats(0, [1, ...rest])], { axis: { int: 0 } })
      : x!;
    const rows = gatherRows(builder, table, padded, table.sourceRows, rest.length === 0);
    return sumTaps(builder, value, rows);
  },
  foldMax: (builder, _, [x]) =>
    builder.node("ReduceMax", [x!, builder.ints([0])], { keepdims: { int: 0 } }),
  routeFirst: (builder, { inputs: [value] }, [x, _, d]) => {
    const first = builder.node("ArgMax", [x!], { axis: { int: 0 } });
    const range = rangeAlong(value!, 0);
    const hit = builder.node("Equal", [
      first,
      builder.constant(tensor("int64", range.shape, range.data)),
    ]);
    const mask = builder.node("Cast", [hit], { to: { int: elementType("float32") } });
    return builder.node("Mul", [mask, d!]);
  },
} satisfies Partial<PlainLowerings>;
