import { FlwrError } from "../../base/error.ts";
import { broadcastShapes, requireSameType, showShape } from "./shape.ts";
import { node, type Value } from "./value.ts";

/**
 * The matrix product of the last two axes [… m, k] · [… k, n] → [… m, n]; the leading axes broadcast.
 *
 * @throws FlwrError "invalid-argument" when the inner lengths differ or an operand has fewer than two axes
 */
export function matmul(a: Value, b: Value): Value {
  requireSameType("matmul", a, b);
  if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
    throw new FlwrError(
      "invalid-argument",
      `Matrices to multiply must agree in the inner length: ` +
        `got ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  }
  const lead = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  return node("matmul", {}, [a, b], [...lead, a.shape.at(-2)!, b.shape.at(-1)!], a.dtype);
}
