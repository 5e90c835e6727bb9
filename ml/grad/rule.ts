import { FlwrError } from "../../base/error.ts";
import { reduceSum } from "../graph/reduce.ts";
import { reshape } from "../graph/movement.ts";
import type { Node, Primitive, Value } from "../graph/value.ts";

/**
 * The gradient rule of a primitive: from one of its values y and the gradient d of the loss in y, the gradient in each
 * input. Each is computed only when it is needed. `undefined` means that there is no gradient: the derivative is zero
 * almost everywhere, or the input does not contain real numbers.
 */
export type GradientRule<P extends Primitive> = (
  y: Node<P>,
  d: Value,
) => readonly ((() => Value) | undefined)[];

/** A rule for each primitive: a primitive without a rule is a type error. */
export type GradientRules = { readonly [P in Primitive]: GradientRule<P> };

/** Sums a gradient over the axes along which its operand of an elementwise primitive was broadcast. */
export function unbroadcast(d: Value, operand: Value): Value {
  const lead = d.shape.length - operand.shape.length;
  const axes = d.shape.flatMap((length, axis) =>
    axis < lead || (operand.shape[axis - lead] === 1 && length !== 1) ? [axis] : []
  );
  return reshape(reduceSum(d, { axes }), operand.shape);
}

/** The rule of a primitive whose own gradient cannot be differentiated: throws instead of giving a wrong gradient. */
export function notTwice(primitive: Primitive): () => never {
  return () => {
    throw new FlwrError("unimplemented", `The gradient of "${primitive}" cannot be differentiated`);
  };
}
