import { sameShape } from "../graph/shape.ts";
import type { Node, Value } from "../graph/value.ts";
import type { GraphFacts, Pattern } from "./tile.ts";

/** The terms of a sum, including those of nested sums that nothing else uses. */
function terms(value: Value, facts: GraphFacts, isRoot = true): Value[] {
  const inner = value.primitive === "add" && (isRoot || facts.uses(value) === 1) &&
    value.inputs.every(({ shape }) => sameShape(shape, value.shape));
  return inner ? value.inputs.flatMap((input) => terms(input, facts, false)) : [value];
}

/** The one axis along which a value is padded. */
function paddedAxis({ attributes: { before, after } }: Node<"pad">): number | undefined {
  const axes = before.flatMap((length, axis) => length > 0 || after[axis]! > 0 ? [axis] : []);
  return axes.length === 1 ? axes[0] : undefined;
}

/**
 * Replaces a sum of padded values that lie end to end along one axis by their concatenation. The gradients of the
 * slices of one array, such as query, key and value, are such a sum.
 */
export const concatOfPadsPattern: Pattern = (value, facts) => {
  if (value.primitive !== "add") return undefined;
  const parts = terms(value, facts);
  const pads: Node<"pad">[] = [];
  for (const part of parts) if (part.primitive === "pad") pads.push(part);
  const axis = pads[0] === undefined ? undefined : paddedAxis(pads[0]);
  if (axis === undefined || pads.length < parts.length) return undefined;
  const start = (pad: Node<"pad">) => pad.attributes.before[axis]!;
  pads.sort((a, b) => start(a) - start(b));
  let end = 0;
  for (const pad of pads) {
    if (paddedAxis(pad) !== axis || start(pad) !== end) return undefined;
    end += pad.inputs[0]!.shape[axis]!;
  }
  if (end !== value.shape[axis]) return undefined;
  return {
    inputs: pads.map(({ inputs: [part] }) => part!),
    emit: (builder, names) => builder.node("Concat", names, { axis: { int: axis } }),
  };
};
