import { elementCount, tensorBytes } from "../../tensor/tensor.ts";
import { UNARY_PRIMITIVES } from "./elementwise.ts";
import { topologicalOrder } from "./traverse.ts";
import type { Node, Value } from "./value.ts";

/**
 * How a value depends on the rows of a batch. `shared`: it does not. `uniform`: all its numbers are equal, so any axis
 * can be that of the rows. `rows`: the rows are along an axis of length outer · batch · inner, and each depends only on
 * its own row. `mixed`: a row depends on other rows, or on their number.
 */
export type Layout = { readonly kind: "shared" | "uniform" | "mixed" } | RowLayout;

/** Rows along one axis, of length outer · batch · inner. */
export interface RowLayout {
  readonly kind: "rows";
  readonly axis: number;
  readonly outer: number;
  readonly inner: number;
}

const SHARED: Layout = { kind: "shared" };
const UNIFORM: Layout = { kind: "uniform" };
const MIXED: Layout = { kind: "mixed" };

function rows(axis: number, outer = 1, inner = 1): Layout {
  return { kind: "rows", axis, outer, inner };
}

function sameBytes(a: Node<"constant">, b: Node<"constant">): boolean {
  const [left, right] = [a, b].map(({ attributes: { tensor } }) => tensorBytes(tensor));
  return left!.length === right!.length && left!.every((byte, i) => byte === right![i]);
}

/** Whether all slices along an axis are equal. */
function repeatsAlong({ attributes: { tensor: { shape, data } } }: Node<"constant">, axis: number) {
  const inner = elementCount(shape.slice(axis + 1));
  const length = shape[axis]!;
  return (data as Float32Array).every((number, i) => {
    const first = i - Math.floor(i / inner) % length * inner;
    return Object.is(number, (data as Float32Array)[first]);
  });
}

/** Compares a graph, from its inputs on, with the same graph for another number of rows. */
class RowWalk {
  readonly #layouts = new Map<Value, Layout>();
  readonly #twins = new Map<Value, Value>();
  readonly #batch: number;
  readonly #sources: ReadonlySet<Value>;

  constructor(batch: number, sources: ReadonlySet<Value>) {
    this.#batch = batch;
    this.#sources = sources;
  }

  /** How each value that was visited depends on the rows. */
  get layouts(): ReadonlyMap<Value, Layout> {
    return this.#layouts;
  }

  /**
   * Finds a value that mixes rows.
   *
   * @returns the first such value; undefined if there is none and the outputs' rows are along their first axis
   */
  mixing(outputs: readonly Value[], others: readonly Value[]): Value | undefined {
    const [order, other] = [topologicalOrder(outputs), topologicalOrder(others)];
    if (order.length !== other.length) return outputs[0];
    for (const [i, value] of order.entries()) {
      const twin = other[i]!;
      if (twin.primitive !== value.primitive || twin.shape.length !== value.shape.length) {
        return value;
      }
      this.#twins.set(value, twin);
      const layout = this.#layoutOf(value);
      if (layout.kind === "mixed") return value;
      this.#layouts.set(value, layout);
    }
    return outputs.find((output) => {
      const layout = this.#layouts.get(output)!;
      if (layout.kind === "uniform") return output.shape[0] !== this.#batch;
      return layout.kind !== "rows" || layout.axis !== 0 || layout.outer * layout.inner !== 1;
    });
  }

  #layoutOf(value: Value): Layout {
    if (value.primitive === "input") return this.#sources.has(value) ? rows(0) : SHARED;
    const free = this.#freeAxes(value);
    if (value.primitive === "constant") return this.#constant(value, free);
    const inputs = value.inputs.map((input) => this.#layouts.get(input)!);
    if (free.length > 1) return MIXED;
    if (inputs.every(({ kind }) => kind === "shared")) {
      // A value without inputs whose length depends on the batch is one that is repeated.
      return free.length === 0 ? SHARED : this.#spread(value, free[0]!);
    }
    return free.length === 0 ? MIXED : this.#after(value, inputs, free[0]!);
  }

  #freeAxes(value: Value): number[] {
    const { shape } = this.#twins.get(value)!;
    return value.shape.flatMap((length, axis) => length === shape[axis] ? [] : [axis]);
  }

  #constant(value: Node<"constant">, free: readonly number[]): Layout {
    const twin = this.#twins.get(value) as Node<"constant">;
    if (free.length === 0) return sameBytes(value, twin) ? SHARED : MIXED;
    const { data } = value.attributes.tensor;
    const [first] = [data[0], twin.attributes.tensor.data[0]];
    const areEqual = [value, twin].every(({ attributes: { tensor } }) =>
      (tensor.data as Float32Array).every((number) => Object.is(number, first))
    );
    if (areEqual) return UNIFORM;
    const [axis] = free;
    const isRepeated = free.length === 1 && value.shape[axis!] === this.#batch &&
      repeatsAlong(value, axis!) && repeatsAlong(twin, axis!);
    return isRepeated ? rows(axis!) : MIXED;
  }

  #spread(value: Value, axis: number): Layout {
    // Random numbers of one row do not depend on the other rows.
    return value.primitive === "broadcastTo" || value.primitive === "uniform"
      ? rows(axis, 1, value.shape[axis]! / this.#batch)
      : MIXED;
  }

  /** The layout of a value that depends on rows; axis `free` is the only one whose length depends on the batch. */
  #after(value: Value, inputs: readonly Layout[], free: number): Layout {
    const [first, second] = inputs;
    switch (value.primitive) {
      case "reshape":
        return this.#reshaped(value, first!);
      case "transpose":
        return first!.kind === "rows"
          ? { ...first!, axis: value.attributes.permutation.indexOf(first!.axis) }
          : first!;
      case "concat":
        return this.#aligned(value, inputs, free, [value.attributes.axis]);
      case "softmax":
      case "logSoftmax":
      case "cumSum":
      case "topK":
        return this.#aligned(value, inputs, free, [value.attributes.axis]);
      case "normalize":
        return this.#aligned(value, inputs, free, value.attributes.axes);
      case "inverseDeviation":
        return this.#aligned(value, inputs, free, value.attributes.axes);
      case "reduceSum":
      case "reduceMax": {
        const { axes, keep } = value.attributes;
        return this.#without(first!, axes, keep);
      }
      case "argMax":
        return this.#without(first!, [value.attributes.axis], false);
      case "foldMax":
        return this.#without(first!, [0], false);
      case "slice":
      case "pad":
        return this.#kept(value, first!);
      case "gather":
        return this.#gathered(value, first!, second!);
      case "gatherElements":
        return this.#aligned(value, inputs, free, [value.attributes.axis]);
      case "oneHot":
        return first!;
      case "gatherSum":
        return first!.kind === "rows" && first!.axis > 0 ? first! : MIXED;
      case "matmul":
        return this.#product(value, inputs);
      case "conv":
      case "convInputGrad":
        return first!.kind === "rows" && first!.axis === 0 && second!.kind === "shared"
          ? first!
          : MIXED;
      case "maxPool":
      case "avgPool":
        return first!.kind === "rows" && first!.axis < 2 ? first! : MIXED;
      default:
        return isElementwise(value) ? this.#aligned(value, inputs, free, []) : MIXED;
    }
  }

  /** The common layout of operands that are broadcast to each other, unless the operation runs along its axis. */
  #aligned(
    value: Value,
    inputs: readonly Layout[],
    free: number,
    along: readonly number[],
  ): Layout {
    let common: RowLayout | undefined;
    for (const [i, layout] of inputs.entries()) {
      if (layout.kind !== "rows") continue;
      const axis = layout.axis + value.shape.length - value.inputs[i]!.shape.length;
      if (common === undefined) common = { ...layout, axis };
      else if (
        axis !== common.axis || layout.outer !== common.outer || layout.inner !== common.inner
      ) return MIXED;
    }
    if (common === undefined) {
      if (along.includes(free)) return MIXED;
      const isUniform = inputs.every(({ kind }) => kind === "uniform") && isElementwise(value);
      return isUniform ? UNIFORM : rows(free, 1, value.shape[free]! / this.#batch);
    }
    return along.includes(common.axis) || common.axis !== free ? MIXED : common;
  }

  #without(layout: Layout, axes: readonly number[], keep: boolean): Layout {
    if (layout.kind !== "rows") return MIXED;
    if (axes.includes(layout.axis)) return MIXED;
    const before = axes.filter((axis) => axis < layout.axis).length;
    return keep ? layout : { ...layout, axis: layout.axis - before };
  }

  #kept(value: Value, layout: Layout): Layout {
    if (layout.kind !== "rows") return MIXED;
    return value.shape[layout.axis] === value.inputs[0]!.shape[layout.axis] ? layout : MIXED;
  }

  #gathered(value: Node<"gather">, table: Layout, indices: Layout): Layout {
    if (table.kind === "shared") return indices;
    if (table.kind !== "rows" || indices.kind !== "shared" || table.axis === 0) return MIXED;
    const { shape } = value.inputs[1]!;
    return { ...table, axis: table.axis - 1 + shape.length };
  }

  #product(value: Value, inputs: readonly Layout[]): Layout {
    const found = new Set<string>();
    let result: Layout = MIXED;
    for (const [i, layout] of inputs.entries()) {
      if (layout.kind === "shared") continue;
      if (layout.kind !== "rows") return MIXED;
      const { length } = value.inputs[i]!.shape;
      const fromEnd = length - layout.axis;
      // The rows can be rows of the left matrix, columns of the right one, or whole matrices, but not the summed axis.
      if (fromEnd === (i === 0 ? 1 : 2)) return MIXED;
      result = { ...layout, axis: value.shape.length - fromEnd };
      found.add(JSON.stringify(result));
      const otherLayout = inputs[1 - i]!;
      if (fromEnd <= 2 && otherLayout.kind !== "shared") return MIXED;
    }
    return found.size === 1 ? result : MIXED;
  }

  /** The layout after a reshape: rows stay separate if one axis of the new shape contains them completely. */
  #reshaped(value: Value, layout: Layout): Layout {
    if (layout.kind === "uniform") return layout;
    if (layout.kind !== "rows") return MIXED;
    const from = value.inputs[0]!.shape;
    const before = elementCount(from.slice(0, layout.axis)) * layout.outer;
    const after = elementCount(from.slice(layout.axis + 1)) * layout.inner;
    for (const [axis, length] of value.shape.entries()) {
      const outer = before / elementCount(value.shape.slice(0, axis));
      const inner = after / elementCount(value.shape.slice(axis + 1));
      const fits = Number.isInteger(outer) && Number.isInteger(inner) &&
        outer * this.#batch * inner === length;
      if (fits) return rows(axis, outer, inner);
    }
    return MIXED;
  }
}

const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...UNARY_PRIMITIVES,
  "cast",
  "add",
  "sub",
  "mul",
  "div",
  "maximum",
  "pow",
  "mod",
  "and",
  "or",
  "less",
  "equal",
  "where",
  "broadcastTo",
]);

/** Whether a primitive works number by number, with operands that are broadcast. */
export function isElementwise({ primitive }: Value): boolean {
  return ELEMENTWISE.has(primitive);
}

/** A network applied to a batch of some size. */
export interface BatchedGraph {
  /** The inputs [batch, …]. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/**
 * Finds out whether each row of a network's outputs depends only on the same row of its inputs, by comparing the graph
 * with the one for another batch size. It never misses a dependence. It reports some that do not exist, when rows are
 * split and joined again in an unusual way.
 *
 * @param other the same network applied to a batch of another size; neither size divides the other
 * @returns a value that depends on other rows too, or on their number; undefined if there is none
 */
export function findRowMixing(graph: BatchedGraph, other: BatchedGraph): Value | undefined {
  const batch = graph.inputs[0]!.shape[0]!;
  return new RowWalk(batch, new Set(graph.inputs)).mixing(graph.outputs, other.outputs);
}

/**
 * How each value of a graph depends on the rows of a batch, by the same comparison as {@link findRowMixing}.
 *
 * @returns the layouts, or the value that mixes rows
 */
export function rowLayouts(
  graph: BatchedGraph,
  other: BatchedGraph,
): { readonly layouts: ReadonlyMap<Value, Layout>; readonly mixing?: Value } {
  const walk = new RowWalk(graph.inputs[0]!.shape[0]!, new Set(graph.inputs));
  const mixing = walk.mixing(graph.outputs, other.outputs);
  return { layouts: walk.layouts, mixing };
}
