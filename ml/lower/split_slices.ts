import { sameShape } from "../graph/shape.ts";
import type { Node, Value } from "../graph/value.ts";
import type { GraphFacts, Pattern } from "./tile.ts";

/** The only axis that a slice shortens; undefined if it shortens none or several. */
function slicedAxis(
  { attributes: { start, end }, inputs: [x] }: Node<"slice">,
): number | undefined {
  const axes = x!.shape.flatMap((length, axis) =>
    start[axis] !== 0 || end[axis] !== length ? [axis] : []
  );
  return axes.length === 1 ? axes[0] : undefined;
}

/** All slices of the same array in order, if they lie end to end along one axis and cover it. */
function siblings(value: Node<"slice">, facts: GraphFacts): Node<"slice">[] | undefined {
  const [x] = value.inputs;
  const axis = slicedAxis(value);
  if (axis === undefined) return undefined;
  const slices: Node<"slice">[] = [];
  for (const user of facts.users(x!)) {
    if (user.primitive === "slice" && slicedAxis(user) === axis) slices.push(user);
  }
  const start = (slice: Node<"slice">) => slice.attributes.start[axis]!;
  slices.sort((a, b) => start(a) - start(b));
  let end = 0;
  for (const slice of slices) {
    if (start(slice) !== end) return undefined;
    end = slice.attributes.end[axis]!;
  }
  return slices.length > 1 && end === x!.shape[axis] ? slices : undefined;
}

/**
 * Replaces slices that divide an array along one axis, such as query, key and value, by one Split: ONNX Runtime runs
 * Split on all threads, Slice on one.
 */
export const splitSlicesPattern: Pattern = (value, facts) => {
  const parts = value.primitive === "slice" ? siblings(value, facts) : undefined;
  if (parts === undefined) return undefined;
  const axis = slicedAxis(value as Node<"slice">)!;
  const [x] = value.inputs as readonly [Value];
  return {
    inputs: [x],
    emit: (builder, [name]) => {
      const lengths = builder.ints(parts.map(({ shape }) => shape[axis]!));
      const names = builder.nodes("Split", [name!, lengths], parts.length, { axis: { int: axis } });
      return names[
        parts.findIndex(({ attributes }) =>
          sameShape(attributes.start, (value as Node<"slice">).attributes.start)
        )
      ]!;
    },
  };
};
