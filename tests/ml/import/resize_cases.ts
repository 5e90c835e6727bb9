import fc from "fast-check";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { integers, numbers, onnxFile } from "./onnx_file.ts";
import type { OperatorCase } from "./operator_case.ts";

type Cases = fc.Arbitrary<OperatorCase>;

const lengths = fc.integer({ min: 1, max: 6 });

function floats(...values: readonly number[]): Tensor {
  return tensor("float32", [values.length], Float32Array.from(values)) as Tensor;
}

const COORDINATES = [
  "half_pixel",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "half_pixel_symmetric",
];
const NEAREST = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

const resizes: Cases = fc.record({
  channels: fc.integer({ min: 1, max: 3 }),
  height: lengths,
  width: lengths,
  scales: fc.tuple(fc.constantFrom(1, 2, 0.5, 3), fc.constantFrom(1, 2, 0.5, 3)),
  told: fc.tuple(lengths, lengths),
  bySizes: fc.boolean(),
  mode: fc.constantFrom("nearest", "linear", "cubic"),
  coordinates: fc.constantFrom(...COORDINATES),
  nearest: fc.constantFrom(...NEAREST),
  seed: fc.nat(),
}).map(({ channels, height, width, scales, told, bySizes, mode, coordinates, nearest, seed }) => {
  // Halves of odd lengths are no whole numbers.
  const even = [height, width].map((n, i) => scales[i] === 0.5 ? 2 * n : n) as [number, number];
  const shape = [2, channels, ...(bySizes ? [height, width] : even)];
  return {
    x: numbers(shape, seed),
    output: "y",
    file: onnxFile({
      opset: 19,
      nodes: [{
        op: "Resize",
        inputs: ["x", "", ...(bySizes ? ["", "sizes"] : ["scales"])],
        outputs: ["y"],
        attributes: {
          mode: { string: mode },
          coordinate_transformation_mode: { string: coordinates },
          nearest_mode: { string: nearest },
        },
      }],
      initializers: bySizes
        ? { sizes: integers(2, channels, ...told) }
        : { scales: floats(1, 1, ...scales) },
    }),
  };
});

const upsamples: Cases = fc.tuple(
  lengths,
  lengths,
  fc.constantFrom(1, 2, 3),
  fc.constantFrom("nearest", "linear"),
  fc.nat(),
).map(([height, width, scale, mode, seed]) => ({
  x: numbers([2, 1, height, width], seed),
  output: "y",
  file: onnxFile({
    opset: 9,
    nodes: [{
      op: "Upsample",
      inputs: ["x", "scales"],
      outputs: ["y"],
      attributes: { mode: { string: mode } },
    }],
    initializers: { scales: floats(1, 1, scale, 2) },
  }),
}));

/** Equations, and the shapes of x and of another operand. */
const EQUATIONS: readonly (readonly [string, readonly number[], (readonly number[])?])[] = [
  ["ij,jk->ik", [2, 3], [3, 4]],
  ["ij,kj", [2, 3], [4, 3]],
  ["bij,bjk->bik", [2, 3, 4], [2, 4, 2]],
  ["bhqd,bhkd->bhqk", [2, 2, 3, 4], [2, 2, 5, 4]],
  ["bqhd,bkhd->bhqk", [2, 3, 2, 4], [2, 5, 2, 4]],
  ["...ij,...jk->...ik", [2, 3, 4, 2], [1, 3, 2, 3]],
  ["...i,i->...", [2, 3, 4], [4]],
  ["i,j->ij", [3], [4]],
  ["ij,ij->ij", [2, 3], [2, 3]],
  ["ij->ji", [2, 3]],
  ["ij->", [2, 3]],
  ["ij->j", [2, 3]],
  ["ii->i", [3, 3]],
  ["bii->b", [2, 3, 3]],
  ["abc,cd,de", [2, 3, 4], [4, 4]],
];

const einsums: Cases = fc.tuple(fc.constantFrom(...EQUATIONS), fc.nat()).map(
  ([[equation, shape, other], seed]) => {
    const others: Readonly<Record<string, Tensor>> = other === undefined
      ? {}
      : { w: numbers(other, seed + 1) };
    const third = equation.split(",").length === 3 ? ["w"] : [];
    return {
      x: numbers(shape, seed),
      output: "y",
      file: onnxFile({
        nodes: [{
          op: "Einsum",
          inputs: ["x", ...Object.keys(others), ...third],
          outputs: ["y"],
          attributes: { equation: { string: equation } },
        }],
        initializers: others,
      }),
    };
  },
);

/** Cases of what makes images larger or smaller, and of sums by an equation. */
export const RESIZE_CASES: Readonly<Record<string, Cases>> = {
  Einsum: einsums,
  Resize: resizes,
  Upsample: upsamples,
};
