import { FlwrError } from "../../base/error.ts";
import { tensorBytes } from "../../tensor/tensor.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { Value } from "../graph/value.ts";
import type { Pattern } from "./tile.ts";

/** Lengths of the axes of values; null where they depend on the batch. */
export type FreeLengths = ReadonlyMap<Value, readonly (number | null)[]>;

/** An end that lies behind every axis. */
const TO_THE_END = 2 ** 31 - 1;

function cannotBeFree(value: Value): FlwrError {
  return new FlwrError(
    "unimplemented",
    `The network cannot take any number of examples at once: "${value.primitive}" depends on it`,
  );
}

function sameConstant(a: Value, b: Value): boolean {
  if (a.primitive !== "constant" || b.primitive !== "constant") return true;
  const [left, right] = [tensorBytes(a.attributes.tensor), tensorBytes(b.attributes.tensor)];
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

/**
 * Finds out which lengths depend on the batch, by comparing a graph with the same one made for another batch.
 *
 * @throws FlwrError "unimplemented" when more than lengths differs
 */
export function freeLengths(outputs: readonly Value[], others: readonly Value[]): FreeLengths {
  const [order, other] = [topologicalOrder(outputs), topologicalOrder(others)];
  return new Map(order.map((value, i) => {
    const twin = other[i];
    if (twin?.primitive !== value.primitive || !sameConstant(value, twin)) {
      throw cannotBeFree(value);
    }
    return [value, value.shape.map((length, axis) => length === twin.shape[axis] ? length : null)];
  }));
}

/** Lowers what names lengths in such a way that those which depend on the batch stay free. */
export function freeBatchPattern(lengths: FreeLengths): Pattern {
  const lengthsOf = (value: Value) => lengths.get(value) ?? value.shape;
  return (value) => {
    const own = lengthsOf(value);
    if (!own.includes(null)) return undefined;
    const { inputs } = value;
    if (value.primitive === "reshape") {
      if (own.filter((length) => length === null).length > 1) throw cannotBeFree(value);
      const shape = own.map((length) => length ?? -1);
      return { inputs, emit: (builder, [x]) => builder.node("Reshape", [x!, builder.ints(shape)]) };
    }
    if (value.primitive === "broadcastTo") {
      const source = lengthsOf(inputs[0]!);
      // Expand leaves an axis as it is where it is told 1.
      const shape = own.map((length, axis) => {
        if (length !== null) return length;
        if (source[axis - own.length + source.length] === null) return 1;
        throw cannotBeFree(value);
      });
      return { inputs, emit: (builder, [x]) => builder.node("Expand", [x!, builder.ints(shape)]) };
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
