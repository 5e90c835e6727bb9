import fc from "fast-check";
import type { Attributes } from "../../../ml/onnx/attribute.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { integers, numbers, onnxFile } from "./onnx_file.ts";
import { caseOf, type OperatorCase } from "./operator_case.ts";

type Cases = fc.Arbitrary<OperatorCase>;

const side = fc.integer({ min: 1, max: 4 });
const shapes = (minLength = 1, maxLength = 4) => fc.array(side, { minLength, maxLength });
const axisOf = (shape: readonly number[]) =>
  fc.integer({ min: -shape.length, max: shape.length - 1 });

/** A node on x whose result is converted to float32: comparisons and positions. */
function converted(
  x: Tensor,
  op: string,
  attributes: Attributes = {},
  others: Readonly<Record<string, Tensor>> = {},
  opset = 20,
): OperatorCase {
  return {
    x,
    output: "y",
    file: onnxFile({
      opset,
      inputType: x.dtype,
      initializers: others,
      nodes: [
        { op, inputs: ["x", ...Object.keys(others)], outputs: ["r"], attributes },
        { op: "Cast", inputs: ["r"], outputs: ["y"], attributes: { to: { int: 1 } } },
      ],
    }),
  };
}

const scalar = (value: number): Tensor => tensor("int64", [], BigInt64Array.of(BigInt(value)));

const withAxis = (make: (x: Tensor, axis: number, n: number) => OperatorCase): Cases =>
  shapes().chain((shape) =>
    fc.tuple(axisOf(shape), fc.nat(50), fc.nat()).map(([axis, n, seed]) =>
      make(numbers(shape, seed), axis, n)
    )
  );

/** Numbers of which some are none. */
const special: fc.Arbitrary<Tensor> = fc.tuple(shapes(), fc.nat()).map(([shape, seed]) => {
  const { data } = numbers(shape, seed);
  const values = [NaN, Infinity, -Infinity];
  return tensor("float32", shape, data.map((x) => values[Math.floor(Math.abs(x) * 3)] ?? x));
});

const gatherElements: Cases = shapes(1, 3).chain((shape) =>
  fc.tuple(axisOf(shape), side, fc.nat()).map(([axis, count, seed]) => {
    const along = axis < 0 ? axis + shape.length : axis;
    const form = shape.map((length, i) => i === along ? count : length);
    const { data } = numbers(form, seed + 1, -shape[along]!, shape[along]);
    const at = tensor("int64", form, BigInt64Array.from(data, (x) => BigInt(Math.floor(x))));
    return caseOf(numbers(shape, seed), "GatherElements", { axis: { int: axis } }, { at });
  })
);

const topK: Cases = withAxis((x, axis, n) => {
  const count = 1 + n % x.shape.at(axis)!;
  const attributes = { axis: { int: axis }, largest: { int: n % 2 } };
  const file = onnxFile({
    nodes: [{ op: "TopK", inputs: ["x", "k"], outputs: ["y", "at"], attributes }],
    initializers: { k: integers(count) },
  });
  return { x, output: "y", file };
});

const blocks = (op: string, mode: string): Cases =>
  fc.tuple(side, side, side, side, fc.constantFrom(1, 2, 3), fc.nat()).map(
    ([batch, channels, height, width, size, seed]) => {
      const [depth, factor] = op === "DepthToSpace" ? [size ** 2, 1] : [1, size];
      const x = numbers([batch, channels * depth, height * factor, width * factor], seed);
      const attributes = { blocksize: { int: size }, ...(mode && { mode: { string: mode } }) };
      return caseOf(x, op, attributes, {}, { opset: 13 });
    },
  );

const triangles: Cases = fc.tuple(shapes(2), fc.integer({ min: -5, max: 5 }), fc.nat()).map(
  ([shape, k, seed]) =>
    caseOf(numbers(shape, seed), "Trilu", { upper: { int: seed % 2 } }, { k: scalar(k) }),
);

const exclusive: Cases = fc.tuple(shapes(), fc.nat()).map(([shape, seed]) => ({
  x: numbers(shape, seed),
  output: "y",
  file: onnxFile({
    nodes: [
      { op: "Greater", inputs: ["x", "t"], outputs: ["a"] },
      { op: "Less", inputs: ["x", "u"], outputs: ["b"] },
      { op: "Xor", inputs: ["a", "b"], outputs: ["r"] },
      { op: "Cast", inputs: ["r"], outputs: ["y"], attributes: { to: { int: 1 } } },
    ],
    initializers: { t: numbers([1], seed), u: numbers([1], seed + 1) },
  }),
}));

/** Cases of operators that choose by position, or find positions. */
export const POSITION_CASES: Readonly<Record<string, Cases>> = {
  ArgMin: withAxis((x, axis, n) =>
    converted(x, "ArgMin", { axis: { int: axis }, select_last_index: { int: n % 2 } })
  ),
  CumSum: withAxis((x, axis, n) =>
    caseOf(x, "CumSum", { exclusive: { int: n % 2 }, reverse: { int: Math.floor(n / 2) % 2 } }, {
      axis: scalar(axis),
    })
  ),
  DepthToSpace: fc.oneof(...["", "DCR", "CRD"].map((mode) => blocks("DepthToSpace", mode))),
  GatherElements: gatherElements,
  IsInf: fc.tuple(special, fc.nat(1), fc.nat(1)).map(([x, low, high]) =>
    converted(x, "IsInf", { detect_negative: { int: low }, detect_positive: { int: high } })
  ),
  IsNaN: special.map((x) => converted(x, "IsNaN")),
  SpaceToDepth: blocks("SpaceToDepth", ""),
  TopK: topK,
  Trilu: triangles,
  Xor: exclusive,
};
