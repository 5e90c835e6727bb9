import { tensor } from "../../tensor/tensor.ts";
import type { Pattern } from "./tile.ts";

/** Most rows in which a triangular product finds the first maximum: its cost grows with their square. */
const MAX_TRIANGLE_ROWS = 16;

/** Steep enough to map any negative difference that is not denormal to 0. */
const STEEP = 1e36;

/** The identity minus ones below the diagonal. Times a 0/1 matrix, only the first 1 of each column stays positive. */
function firstOnly(rows: number) {
  const data = Float32Array.from({ length: rows * rows }, (_, flat) => {
    const [row, column] = [Math.floor(flat / rows), flat % rows];
    return row === column ? 1 : row > column ? -1 : 0;
  });
  return tensor("float32", [rows, rows], data);
}

/**
 * The gradient of a maximum over few rows. x − max is 0 at the maxima and negative elsewhere; a steep HardSigmoid maps
 * that to 1 and 0; a triangular product and a Relu keep the first 1 of each column.
 */
export const routeFirstPattern: Pattern = (value) => {
  const rows = value.shape[0];
  if (value.primitive !== "routeFirst" || rows! > MAX_TRIANGLE_ROWS) return undefined;
  return {
    inputs: value.inputs,
    emit: (builder, [x, max, d]) => {
      const flat = builder.ints([rows!, -1]);
      const row = builder.ints([1, -1]);
      const difference = builder.node("Sub", [
        builder.node("Reshape", [x!, flat]),
        builder.node("Reshape", [max!, row]),
      ]);
      const hit = builder.node("HardSigmoid", [difference], {
        alpha: { float: STEEP },
        beta: { float: 1 },
      });
      const first = builder.node("Relu", [
        builder.node("Gemm", [builder.constant(firstOnly(rows!)), hit]),
      ]);
      const routed = builder.node("Mul", [first, builder.node("Reshape", [d!, row])]);
      return builder.node("Reshape", [routed, builder.ints(value.shape)]);
    },
  };
};
