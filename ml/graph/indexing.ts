import { FlwrError } from "../../base/error.ts";
import type { IndexTable } from "./index_table.ts";
import { sameShape, showShape } from "./shape.ts";
import { node, type Value } from "./value.ts";

/** Rows of a table [n, …], selected by int32 or int64 indices of any shape: [indices…, …]. */
export function gather(table: Value, indices: Value): Value {
  if (indices.dtype !== "int32" && indices.dtype !== "int64") {
    throw new FlwrError(
      "invalid-argument",
      `Indices must be int32 or int64: got ${indices.dtype} ${showShape(indices.shape)}`,
    );
  }
  const shape = [...indices.shape, ...table.shape.slice(1)];
  return node("gather", {}, [table, indices], shape, table.dtype);
}

/** Adds updates [indices…, …] into zeros [rows, …], at the rows given by the indices. */
export function scatterAdd(indices: Value, updates: Value, rows: number): Value {
  const lead = updates.shape.slice(0, indices.shape.length);
  if (!sameShape(lead, indices.shape)) {
    throw new FlwrError(
      "invalid-argument",
      `Updates of shape ${showShape(updates.shape)} do not match indices of shape ` +
        showShape(indices.shape),
    );
  }
  const shape = [rows, ...updates.shape.slice(indices.shape.length)];
  return node("scatterAdd", { rows }, [indices, updates], shape, updates.dtype);
}

/**
 * Elements of x selected along an axis, one per index: y[i, j] = x[indices[i, j], j] for axis 0.
 *
 * @param indices int32 or int64 of x's rank; along the other axes no longer than x
 */
export function gatherElements(x: Value, indices: Value, axis: number): Value {
  const fits = indices.shape.length === x.shape.length &&
    indices.shape.every((length, other) => other === axis || length <= x.shape[other]!);
  if (!fits || (indices.dtype !== "int32" && indices.dtype !== "int64")) {
    throw new FlwrError(
      "invalid-argument",
      `Indices ${indices.dtype} ${showShape(indices.shape)} cannot select along axis ${axis} of ` +
        `an array of shape ${showShape(x.shape)}`,
    );
  }
  return node("gatherElements", { axis }, [x, indices], indices.shape, x.dtype);
}

/** Adds updates into zeros along an axis, at the given indices: the adjoint of {@link gatherElements}. */
export function scatterElements(
  indices: Value,
  updates: Value,
  axis: number,
  shape: readonly number[],
): Value {
  const length = shape[axis]!;
  return node("scatterElements", { axis, length }, [indices, updates], shape, updates.dtype);
}

/** Converts integers to float32 vectors of 0 and 1 along a new last axis; integers outside 0…depth−1 give zeros. */
export function oneHot(indices: Value, depth: number): Value {
  return node("oneHot", { depth }, [indices], [...indices.shape, depth], "float32");
}

/** Rows built from rows by a fixed table; see {@link IndexTable}. */
export function gatherSum(x: Value, table: IndexTable): Value {
  if (x.shape[0] !== table.sourceRows) {
    throw new FlwrError(
      "invalid-argument",
      `The index table is for ${table.sourceRows} rows: got an array of shape ${
        showShape(x.shape)
      }`,
    );
  }
  return node("gatherSum", { table }, [x], [table.rows, ...x.shape.slice(1)], x.dtype);
}

/** The maximum over axis 0; the first of equal maxima receives the gradient. */
export function foldMax(x: Value): Value {
  return node("foldMax", {}, [x], x.shape.slice(1), x.dtype);
}

/** d at the first maximum of x along axis 0, zero elsewhere, in x's shape; `max` is foldMax(x). */
export function routeFirst(x: Value, max: Value, d: Value): Value {
  if (!sameShape(x.shape.slice(1), max.shape) || !sameShape(max.shape, d.shape)) {
    throw new FlwrError(
      "invalid-argument",
      `Maxima ${showShape(max.shape)} and gradient ${showShape(d.shape)} ` +
        `do not match an array of shape ${showShape(x.shape)}`,
    );
  }
  return node("routeFirst", {}, [x, max, d], x.shape, x.dtype);
}
