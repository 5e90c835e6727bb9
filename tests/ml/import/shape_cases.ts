import fc from "fast-check";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import type { Attributes } from "../../../ml/onnx/attribute.ts";
import { integers, type NodeSpec, numbers, onnxFile } from "./onnx_file.ts";
import { caseOf, type OperatorCase } from "./operator_case.ts";

type Cases = fc.Arbitrary<OperatorCase>;

const side = fc.integer({ min: 1, max: 4 });
const shapes = (minLength = 1, maxLength = 4) => fc.array(side, { minLength, maxLength });
const axisOf = (shape: readonly number[]) =>
  fc.integer({ min: -shape.length, max: shape.length - 1 });

/** A case for every shape, some number and a seed. */
function shaped(
  make: (shape: number[], n: number, seed: number) => OperatorCase,
  minLength = 1,
): Cases {
  return fc.tuple(shapes(minLength), fc.nat(50), fc.nat()).map(([shape, n, seed]) =>
    make(shape, n, seed)
  );
}

/** Nodes that compute with the shape of x, a vector "s", and end in adding it to x as numbers. */
function onShape(
  nodes: readonly NodeSpec[],
  initializers: Readonly<Record<string, Tensor>> = {},
): Cases {
  return shaped((shape, _, seed) => ({
    x: numbers(shape, seed),
    output: "y",
    file: onnxFile({
      nodes: [
        { op: "Shape", inputs: ["x"], outputs: ["s"] },
        ...nodes,
        { op: "Cast", inputs: ["r"], outputs: ["y"], attributes: { to: { int: 1 } } },
      ],
      initializers,
    }),
  }));
}

const of = (op: string, inputs: readonly string[], attributes?: Attributes): NodeSpec => ({
  op,
  inputs,
  outputs: ["r"],
  attributes,
});

/** Positions from before the front to behind the back of an axis. */
const position = fc.integer({ min: -6, max: 6 });

const slices: Cases = shapes(1, 3).chain((shape) =>
  fc.tuple(
    fc.subarray(shape.map((_, i) => i), { minLength: 1 }),
    fc.array(fc.tuple(position, position, fc.constantFrom(1, 1, 2, -1)), {
      minLength: 3,
      maxLength: 3,
    }),
    fc.nat(),
  ).map(([axes, told, seed]) =>
    caseOf(numbers(shape, seed), "Slice", {}, {
      starts: integers(...axes.map((_, i) => told[i]![0])),
      ends: integers(...axes.map((_, i) => told[i]![1])),
      axes: integers(...axes),
      steps: integers(...axes.map((_, i) => told[i]![2])),
    })
  )
);

const gathers: Cases = shapes(1, 3).chain((shape) =>
  axisOf(shape).chain((axis) => {
    const length = shape.at(axis)!;
    const index = fc.integer({ min: -length, max: length - 1 });
    return fc.tuple(fc.array(index, { minLength: 1, maxLength: 4 }), fc.nat(2), fc.nat()).map(
      ([rows, rank, seed]) => {
        const form = [[], [rows.length], [1, rows.length]][rank]!;
        const data = BigInt64Array.from(rank === 0 ? rows.slice(0, 1) : rows, BigInt);
        return caseOf(numbers(shape, seed), "Gather", { axis: { int: axis } }, {
          at: tensor("int64", form, data),
        });
      },
    );
  })
);

const pads: Cases = shapes(1, 3).chain((shape) => {
  const margins = fc.array(fc.integer({ min: -1, max: 2 }), {
    minLength: 2 * shape.length,
    maxLength: 2 * shape.length,
  });
  return fc.tuple(margins, fc.constantFrom("constant", "edge", "reflect", "wrap"), fc.nat()).map(
    ([told, mode, seed]) =>
      caseOf(
        numbers(shape.map((length) => length + 2), seed),
        "Pad",
        { mode: { string: mode } },
        {
          pads: integers(...(mode === "constant" ? told : told.map((n) => Math.max(0, n)))),
          ...(mode === "constant" && { value: tensor("float32", [], Float32Array.of(seed % 3)) }),
        },
        { opset: 19 },
      ),
  );
});

const splits: Cases = shapes(1, 3).chain((shape) =>
  fc.tuple(axisOf(shape), side, side, fc.nat()).map(([axis, a, b, seed]) => {
    const full = shape.map((length, i) =>
      i === (axis + shape.length) % shape.length ? a + b : length
    );
    return {
      x: numbers(full, seed),
      output: "y",
      file: onnxFile({
        nodes: [{
          op: "Split",
          inputs: ["x", "parts"],
          outputs: ["first", "y"],
          attributes: { axis: { int: axis } },
        }],
        initializers: { parts: integers(a, b) },
      }),
    };
  })
);

/** Shapes, movements and positions. */
export const SHAPE_CASES: Readonly<Record<string, Cases>> = {
  Reshape: fc.oneof(
    shaped((shape, _, seed) =>
      caseOf(numbers(shape, seed), "Reshape", {}, { to: integers(0, -1) })
    ),
    shaped((shape, _, seed) =>
      caseOf(numbers(shape, seed), "Reshape", {}, { to: integers(1, ...shape, 1) })
    ),
  ),
  Flatten: shapes(1).chain((shape) =>
    fc.tuple(fc.integer({ min: -shape.length, max: shape.length }), fc.nat()).map(([axis, seed]) =>
      caseOf(numbers(shape, seed), "Flatten", { axis: { int: axis } })
    )
  ),
  Squeeze: shaped((shape, n, seed) => {
    const x = numbers([...shape, 1], seed);
    return n % 2
      ? caseOf(x, "Squeeze", {}, { axes: integers(-1) })
      : caseOf(x, "Squeeze", { axes: { ints: [shape.length] } }, {}, { opset: 11 });
  }),
  Unsqueeze: shaped((shape, n, seed) =>
    n % 2
      ? caseOf(numbers(shape, seed), "Unsqueeze", {}, { axes: integers(0, -1) })
      : caseOf(numbers(shape, seed), "Unsqueeze", { axes: { ints: [1] } }, {}, { opset: 11 })
  ),
  Transpose: fc.oneof(
    shaped((shape, _, seed) => caseOf(numbers(shape, seed), "Transpose")),
    shaped((shape, n, seed) =>
      caseOf(numbers(shape, seed), "Transpose", {
        perm: { ints: shape.map((_, i) => (i + n) % shape.length) },
      })
    ),
  ),
  Concat: shapes(1).chain((shape) =>
    fc.tuple(axisOf(shape), fc.nat()).map(([axis, seed]) =>
      caseOf(numbers(shape, seed), "Concat", { axis: { int: axis } }, {
        b: numbers(shape, seed + 1),
      })
    )
  ),
  Expand: shaped((shape, n, seed) =>
    caseOf(numbers(shape, seed), "Expand", {}, {
      to: n % 2 ? integers(2, ...shape) : integers(...shape.map(() => 1)),
    })
  ),
  Tile: shaped((shape, n, seed) =>
    caseOf(numbers(shape, seed), "Tile", {}, {
      times: integers(...shape.map((_, i) => 1 + (n + i) % 3)),
    })
  ),
  Gather: gathers,
  Slice: slices,
  Split: splits,
  Pad: pads,
  ArgMax: shapes(1).chain((shape) =>
    fc.tuple(axisOf(shape), fc.nat(1), fc.nat()).map(([axis, keepdims, seed]) => ({
      x: numbers(shape, seed),
      output: "y",
      file: onnxFile({
        nodes: [
          {
            op: "ArgMax",
            inputs: ["x"],
            outputs: ["i"],
            attributes: { axis: { int: axis }, keepdims: { int: keepdims } },
          },
          { op: "Cast", inputs: ["i"], outputs: ["y"], attributes: { to: { int: 1 } } },
        ],
      }),
    }))
  ),
  Shape: fc.oneof(
    onShape([of("Identity", ["s"])]),
    onShape([of("Shape", ["x"], { start: { int: -2 }, end: { int: -1 } })]),
  ),
  Size: onShape([of("Size", ["x"])]),
  ReduceProd: onShape([of("ReduceProd", ["s"], { keepdims: { int: 0 } })]),
  Range: onShape([{
    op: "ReduceProd",
    inputs: ["s"],
    outputs: ["n"],
    attributes: { keepdims: { int: 0 } },
  }, of("Range", ["zero", "n", "two"])], {
    zero: tensor("int64", [], BigInt64Array.of(-3n)),
    two: tensor("int64", [], BigInt64Array.of(2n)),
  }),
  ConstantOfShape: onShape([of("ConstantOfShape", ["s"])]),
  Mod: onShape([of("Mod", ["s", "two"])], { two: integers(2) }),
  Floor: onShape([
    { op: "Cast", inputs: ["s"], outputs: ["f"], attributes: { to: { int: 1 } } },
    { op: "Div", inputs: ["f", "two"], outputs: ["h"] },
    of("Floor", ["h"]),
  ], { two: tensor("float32", [], Float32Array.of(2)) }),
  Ceil: onShape([
    { op: "Cast", inputs: ["s"], outputs: ["f"], attributes: { to: { int: 1 } } },
    { op: "Div", inputs: ["f", "two"], outputs: ["h"] },
    of("Ceil", ["h"]),
  ], { two: tensor("float32", [], Float32Array.of(2)) }),
  Not: onShape([
    { op: "Less", inputs: ["s", "two"], outputs: ["b"] },
    of("Not", ["b"]),
  ], { two: integers(2) }),
  And: onShape([
    { op: "Less", inputs: ["s", "two"], outputs: ["b"] },
    { op: "Less", inputs: ["three", "s"], outputs: ["c"] },
    of("And", ["b", "c"]),
  ], { two: integers(3), three: integers(1) }),
  Or: onShape([
    { op: "Less", inputs: ["s", "two"], outputs: ["b"] },
    { op: "Less", inputs: ["three", "s"], outputs: ["c"] },
    of("Or", ["b", "c"]),
  ], { two: integers(2), three: integers(3) }),
};

const DOMAIN = "ai.onnx.ml";
const table = fc.tuple(
  side,
  fc.integer({ min: 2, max: 4 }),
  fc.integer({ min: 2, max: 4 }),
  fc.nat(),
);

const classic = (
  op: string,
  attributes: (features: number, classes: number, seed: number) => Attributes,
): Cases =>
  table.map(([batch, features, classes, seed]) =>
    caseOf(
      numbers([batch, features], seed),
      `${DOMAIN}.${op}`,
      attributes(features, classes, seed),
      {},
      {
        domain: DOMAIN,
      },
    )
  );

const floats = (count: number, seed: number) => ({ floats: [...numbers([count], seed).data] });

/** Operators of classical machine learning. */
export const CLASSIC_CASES: Readonly<Record<string, Cases>> = {
  "ai.onnx.ml.Scaler": classic("Scaler", (features, _, seed) => ({
    offset: floats(features, seed + 1),
    scale: floats(features, seed + 2),
  })),
  "ai.onnx.ml.Normalizer": fc.oneof(
    classic("Normalizer", () => ({ norm: { string: "L1" } })),
    classic("Normalizer", () => ({ norm: { string: "L2" } })),
    classic("Normalizer", () => ({ norm: { string: "MAX" } })),
  ),
  "ai.onnx.ml.LinearRegressor": classic("LinearRegressor", (features, classes, seed) => ({
    targets: { int: classes },
    coefficients: floats(features * classes, seed + 1),
    intercepts: floats(classes, seed + 2),
  })),
  "ai.onnx.ml.LinearClassifier": table.chain(([batch, features, classes, seed]) =>
    fc.tuple(fc.constantFrom("NONE", "SOFTMAX", "LOGISTIC"), fc.boolean()).map(([kind, norm]) => ({
      x: numbers([batch, features], seed),
      output: norm ? "y" : "scores",
      file: onnxFile({
        nodes: [{
          op: "LinearClassifier",
          domain: DOMAIN,
          inputs: ["x"],
          outputs: ["label", "scores"],
          attributes: {
            classlabels_ints: { ints: Array.from({ length: classes }, (_, i) => i) },
            coefficients: floats(features * classes, seed + 1),
            intercepts: floats(classes, seed + 2),
            post_transform: { string: kind },
          },
        }, {
          op: "Normalizer",
          domain: DOMAIN,
          inputs: ["scores"],
          outputs: ["y"],
          attributes: { norm: { string: "L1" } },
        }],
      }),
    }))
  ),
};
