import type { DType } from "../../tensor/dtype.ts";
import { arrayConstructor } from "../../tensor/dtype.ts";
import { elementType } from "../onnx/element_type.ts";
import { GraphBuilder } from "../onnx/graph_builder.ts";
import { modelBytes } from "../onnx/model.ts";
import type { Operator } from "../onnx/operators.ts";
import type { LocalEngine } from "../session/local_engine.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";

/** A node of an operator on arrays of a type: the name of its output, and its type if it differs. */
interface Sample {
  readonly shape: readonly number[];
  readonly result?: DType;
  node(builder: GraphBuilder, x: string, dtype: DType): string;
}

const elementwise = (op: Operator, operands: number, result?: DType): Sample => ({
  shape: [2, 3],
  result,
  node: (builder, x) => builder.node(op, new Array<string>(operands).fill(x)),
});

const image = (node: Sample["node"]): Sample => ({ shape: [1, 1, 3, 3], node });

/** A sample node for each operator whose numeric inputs all have one type. */
const SAMPLES = {
  ...Object.fromEntries(
    ([
      "Abs",
      "Ceil",
      "Cos",
      "Erf",
      "Exp",
      "Floor",
      "Identity",
      "Log",
      "LogSoftmax",
      "Neg",
      "Not",
      "Relu",
      "Round",
      "Sigmoid",
      "Sign",
      "Sin",
      "Softmax",
      "Softplus",
      "Sqrt",
      "Tanh",
      "Transpose",
    ] as const).map((op) => [op, elementwise(op, 1)]),
  ),
  ...Object.fromEntries(
    (["Add", "And", "Div", "Max", "Mul", "Or", "Pow", "Sub"] as const).map((op) => [
      op,
      elementwise(op, 2),
    ]),
  ),
  Mod: {
    shape: [2, 3],
    node: (builder, x, dtype) =>
      builder.node("Mod", [x, x], { fmod: { int: Number(dtype.startsWith("float")) } }),
  },
  Less: elementwise("Less", 2, "bool"),
  Equal: elementwise("Equal", 2, "bool"),
  Where: {
    shape: [2, 3],
    node: (builder, x) =>
      builder.node("Where", [
        builder.constant(tensor("bool", [1], Uint8Array.of(1)) as Tensor),
        x,
        x,
      ]),
  },
  Cast: {
    shape: [2, 3],
    result: "float32",
    node: (builder, x) => builder.node("Cast", [x], { to: { int: elementType("float32") } }),
  },
  MatMul: { shape: [3, 3], node: (builder, x) => builder.node("MatMul", [x, x]) },
  ReduceSum: { shape: [2, 3], node: (builder, x) => builder.node("ReduceSum", [x]) },
  ReduceMax: { shape: [2, 3], node: (builder, x) => builder.node("ReduceMax", [x]) },
  ArgMax: {
    shape: [2, 3],
    result: "int64",
    node: (builder, x) => builder.node("ArgMax", [x], { axis: { int: 0 } }),
  },
  CumSum: {
    shape: [2, 3],
    node: (builder, x) => builder.node("CumSum", [x, builder.ints([0])]),
  },
  TopK: {
    shape: [2, 3],
    node: (builder, x) => builder.nodes("TopK", [x, builder.ints([2])], 2)[0]!,
  },
  Reshape: {
    shape: [2, 3],
    node: (builder, x) => builder.node("Reshape", [x, builder.ints([3, 2])]),
  },
  Expand: {
    shape: [1, 3],
    node: (builder, x) => builder.node("Expand", [x, builder.ints([2, 3])]),
  },
  Concat: {
    shape: [2, 3],
    node: (builder, x) => builder.node("Concat", [x, x], { axis: { int: 0 } }),
  },
  Slice: {
    shape: [2, 3],
    node: (builder, x) => builder.node("Slice", [x, builder.ints([0]), builder.ints([1])]),
  },
  Pad: {
    shape: [2, 3],
    node: (builder, x) => builder.node("Pad", [x, builder.ints([0, 1, 1, 0])]),
  },
  Gather: {
    shape: [2, 3],
    node: (builder, x) => builder.node("Gather", [x, builder.ints([1, 0])]),
  },
  GatherElements: {
    shape: [1],
    node: (builder, x) => builder.node("GatherElements", [x, builder.ints([0])]),
  },
  ScatterElements: {
    shape: [1],
    node: (builder, x) =>
      builder.node("ScatterElements", [x, builder.ints([0]), x], { reduction: { string: "add" } }),
  },
  MaxPool: image((builder, x) => builder.node("MaxPool", [x], { kernel_shape: { ints: [2, 2] } })),
  AveragePool: image((builder, x) =>
    builder.node("AveragePool", [x], { kernel_shape: { ints: [2, 2] } })
  ),
  Conv: image((builder, x) => builder.node("Conv", [x, x])),
  ConvTranspose: image((builder, x) => builder.node("ConvTranspose", [x, x])),
} satisfies Partial<Record<Operator, Sample>> as Readonly<Partial<Record<Operator, Sample>>>;

/** The operators that can be probed, in alphabetical order. */
export const PROBED_OPERATORS = Object.keys(SAMPLES).sort() as readonly Operator[];

/** Whether ONNX Runtime has a kernel of an operator for a type, determined by running a node of it. */
export async function hasKernel(engine: LocalEngine, op: Operator, dtype: DType): Promise<boolean> {
  const { shape, result = dtype, node } = SAMPLES[op]!;
  const builder = new GraphBuilder();
  builder.alias("y", node(builder, "x", dtype));
  const graph = builder.build(
    "probe",
    [{ name: "x", dtype, shape: shape.map(() => null) }],
    [{ name: "y", dtype: result, shape: [] }],
  );
  graph.output.forEach(({ type }) => type!.tensorType!.shape = undefined);
  const data = new (arrayConstructor(dtype))(elementCount(shape));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(1n);
  else data.fill(1);
  try {
    await engine.load("probe", modelBytes(graph));
    await engine.run({
      model: "probe",
      stored: [],
      given: [["x", tensor(dtype, shape, data) as Tensor]],
      kept: [],
      returned: ["y"],
    });
    return true;
  } catch {
    return false;
  }
}
