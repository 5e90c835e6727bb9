import { sameBytes } from "../../base/bytes.ts";
import { FlwrError } from "../../base/error.ts";
import { arrayConstructor } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor, tensorBytes } from "../../tensor/tensor.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { Node, Value } from "../graph/value.ts";
import type { Pattern } from "./tile.ts";

/** Lengths of the axes of values; null for lengths that depend on the batch. */
export type FreeLengths = ReadonlyMap<Value, readonly (number | null)[]>;

/** A slice end beyond the end of any axis. */
const TO_THE_END = 2 ** 31 - 1;

function cannotBeFree(value: Value): FlwrError {
  return new FlwrError(
    "unimplemented",
    `The network does not work with any number of examples: "${value.primitive}" depends on it`,
  );
}

/** A network's graph for one batch size. */
export interface AppliedNetwork {
  readonly outputs: readonly Value[];
  readonly examples: number;
}

/** Whether two constants are equal, except that along axes with one place per example all places must be the same. */
function sameConstant(a: Node<"constant">, b: Node<"constant">, batches: readonly number[]) {
  const [left, right] = [a, b].map((value, i) => {
    const { tensor } = value.attributes;
    const free = a.shape.map((length, axis) => length !== b.shape[axis]);
    if (!free.includes(true)) return tensor;
    const areExamples = free.every((is, axis) => !is || value.shape[axis] === batches[i]);
    return areExamples ? firstOf(tensor, free) : undefined;
  });
  return left !== undefined && right !== undefined &&
    sameBytes(tensorBytes(left), tensorBytes(right));
}

/** Whether a value that is broadcast along a new or free axis is repeated once per example. */
function repeatsByExample(a: Value, b: Value, batches: readonly number[]): boolean {
  if (a.primitive !== "broadcastTo") return true;
  const [from, twin] = [a.inputs[0]!.shape, b.inputs[0]!.shape];
  return a.shape.every((length, axis) => {
    const at = axis - a.shape.length + from.length;
    if (length === b.shape[axis] || from[at] !== twin[at]) return true;
    return length === batches[0] && b.shape[axis] === batches[1];
  });
}

/**
 * Whether two nodes are equal except for lengths that the lowering leaves free: a slice can end at the end of an axis,
 * and constants have a test of their own.
 */
function sameAttributes(a: Value, b: Value): boolean {
  if (a.primitive === "constant") return true;
  if (a.primitive !== "slice" || b.primitive !== "slice") {
    return deepEqual(a.attributes, b.attributes);
  }
  const toTheEnd = (value: Node<"slice">, axis: number) =>
    value.attributes.end[axis] === value.inputs[0]!.shape[axis];
  return deepEqual(a.attributes.start, b.attributes.start) &&
    a.shape.every((length, axis) =>
      length === b.shape[axis]
        ? a.attributes.end[axis] === b.attributes.end[axis]
        : toTheEnd(a, axis) && toTheEnd(b, axis)
    );
}

/** Whether two values are deeply equal: numbers, strings, and arrays and objects of them. */
function deepEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return Object.is(a, b);
  }
  const [left, right] = [Object.entries(a), b as Readonly<Record<string, unknown>>];
  return left.length === Object.keys(b).length &&
    left.every(([name, value]) => deepEqual(value, right[name]));
}

/** A tensor cut to length 1 along some axes; undefined if it varies along them. */
function firstOf({ dtype, shape, data }: Tensor, axes: readonly boolean[]): Tensor | undefined {
  const numbers = data as unknown as { readonly [i: number]: number | bigint };
  const kept: number[] = [];
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  for (let i = 0; i < data.length; i++) {
    const first = strides.reduce((at, stride, axis) => {
      const place = Math.floor(i / stride) % shape[axis]!;
      return axes[axis] ? at - place * stride : at;
    }, i);
    if (first === i) kept.push(i);
    else if (!Object.is(numbers[i], numbers[first])) return undefined;
  }
  const reduced = new (arrayConstructor(dtype))(kept.length);
  kept.forEach((from, to) => (reduced as { [i: number]: number | bigint })[to] = numbers[from]!);
  return tensor(dtype, shape.map((length, axis) => axes[axis] ? 1 : length), reduced);
}

/**
 * Finds the lengths that depend on the batch by comparing a graph with the same graph for another batch size.
 *
 * @throws FlwrError "unimplemented" when the graphs differ in more than lengths
 */
export function freeLengths(network: AppliedNetwork, others: AppliedNetwork): FreeLengths {
  const [order, other] = [network, others].map(({ outputs }) => topologicalOrder(outputs));
  const batches = [network.examples, others.examples];
  return new Map(order!.map((value, i) => {
    const twin = other![i];
    if (twin?.primitive !== value.primitive || twin.shape.length !== value.shape.length) {
      throw cannotBeFree(value);
    }
    const isOther = value.primitive === "constant" && twin.primitive === "constant" &&
      !sameConstant(value, twin, batches);
    const isFree = !isOther && sameAttributes(value, twin) &&
      repeatsByExample(value, twin, batches);
    if (!isFree) throw cannotBeFree(value);
    return [value, value.shape.map((length, axis) => length === twin.shape[axis] ? length : null)];
  }));
}

/** A shape tensor in which each null length is replaced by the number of examples. */
function runTimeShape(
  builder: GraphBuilder,
  lengths: readonly (number | null)[],
  source: string,
): string {
  const known = lengths.filter((length) => length !== null);
  if (known.length === lengths.length) return builder.ints(known);
  const shape = builder.node("Shape", [source]);
  const batch = builder.node("Slice", [shape, builder.ints([0]), builder.ints([1])]);
  const parts = lengths.map((length) => length === null ? batch : builder.ints([length]));
  return builder.node("Concat", parts, { axis: { int: 0 } });
}

/**
 * Lowers the operations that contain lengths so that those which depend on the batch are computed at run time.
 *
 * @param source an input of the graph whose first axis is the examples
 */
export function freeBatchPattern(lengths: FreeLengths, source: string): Pattern {
  const lengthsOf = (value: Value) => lengths.get(value) ?? value.shape;
  return (value) => {
    const own = lengthsOf(value);
    if (!own.includes(null)) return undefined;
    const { inputs } = value;
    if (value.primitive === "constant") {
      // The length of the batch is known only at run time.
      const reduced = firstOf(value.attributes.tensor, own.map((length) => length === null))!;
      return {
        inputs,
        emit: (builder) =>
          builder.node("Expand", [builder.constant(reduced), runTimeShape(builder, own, source)]),
      };
    }
    if (value.primitive === "reshape") {
      if (own.filter((length) => length === null).length > 1) throw cannotBeFree(value);
      const shape = own.map((length) => length ?? -1);
      return { inputs, emit: (builder, [x]) => builder.node("Reshape", [x!, builder.ints(shape)]) };
    }
    if (value.primitive === "broadcastTo") {
      const given = lengthsOf(inputs[0]!);
      // Expand keeps the length of an axis if the requested length is 1.
      const shape = own.map((length, axis) => {
        if (length !== null) return length;
        return given[axis - own.length + given.length] === null ? 1 : null;
      });
      return {
        inputs,
        emit: (builder, [x]) => builder.node("Expand", [x!, runTimeShape(builder, shape, source)]),
      };
    }
    if (value.primitive === "slice") {
      const { start, end } = value.attributes;
      const ends = own.map((length, axis) => length === null ? TO_THE_END : end[axis]!);
      return {
        inputs,
        emit: (builder, [x]) =>
          builder.node("Slice", [x!, builder.ints(start), builder.ints(ends)]),
      };
    }
    return undefined;
  };
}
