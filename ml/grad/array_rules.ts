import { elementCount } from "../../tensor/tensor.ts";
import { cast, div, equal, exp, mul, neg, sub } from "../graph/elementwise.ts";
import { transposeTable } from "../graph/index_table.ts";
import {
  gather,
  gatherElements,
  gatherSum,
  routeFirst,
  scatterAdd,
  scatterElements,
} from "../graph/indexing.ts";
import { matmul } from "../graph/linear.ts";
import { broadcastTo, pad, reshape, slice, transpose } from "../graph/movement.ts";
import { sameShape } from "../graph/shape.ts";
import { inverseDeviation, normalize } from "../graph/normalize.ts";
import { cumSum, reduceMean, reduceSum } from "../graph/reduce.ts";
import type { Value } from "../graph/value.ts";
import { fill } from "../graph/elementwise.ts";
import { type GradientRules, unbroadcast } from "./rule.ts";

/** A reduced gradient or value, with its reduced axes restored at length 1. */
function withKeptAxes(x: Value, reduced: Value, axes: readonly number[]): Value {
  return reshape(reduced, x.shape.map((length, axis) => axes.includes(axis) ? 1 : length));
}

function swapLast(x: Value): Value {
  const order = x.shape.map((_, axis) => axis);
  const last = order.length - 1;
  return transpose(x, [...order.slice(0, -2), last, last - 1]);
}

function inverse(permutation: readonly number[]): number[] {
  const result: number[] = [];
  permutation.forEach((axis, i) => result[axis] = i);
  return result;
}

/** The part of the gradient d that belongs to an input at `offset` along an axis. */
function partAlong(d: Value, axis: number, offset: number, length: number): Value {
  const start = d.shape.map((_, other) => other === axis ? offset : 0);
  const end = d.shape.map((full, other) => other === axis ? offset + length : full);
  return slice(d, start, end);
}

/** Splits a product into a factor that has length 1 along the given axes and the rest. */
function scaleOutside(d: Value, axes: readonly number[]): { rest: Value; scale?: Value } {
  const [rest, scale] = d.inputs;
  const isOutside = d.primitive === "mul" && sameShape(rest!.shape, d.shape) &&
    axes.every((axis) => (scale!.shape[axis - d.shape.length + scale!.shape.length] ?? 1) === 1);
  return isOutside ? { rest: rest!, scale: scale! } : { rest: d };
}

/** Gradient rules of reductions, matrix products, movements and indexing. */
export const arrayRules = {
  matmul: ({ inputs: [a, b] }, d) => [
    () => unbroadcast(matmul(d, swapLast(b!)), a!),
    () => unbroadcast(matmul(swapLast(a!), d), b!),
  ],
  reduceSum: (y, d) => {
    const [x] = y.inputs;
    const { axes } = y.attributes;
    return [() => broadcastTo(withKeptAxes(x!, d, axes), x!.shape)];
  },
  reduceMax: (y, d) => {
    const [x] = y.inputs;
    const { axes } = y.attributes;
    return [() => {
      const chosen = cast(equal(x!, withKeptAxes(x!, y, axes)), d.dtype);
      const share = div(withKeptAxes(x!, d, axes), reduceSum(chosen, { axes, keep: true }));
      return mul(chosen, share);
    }];
  },
  // With r the inverse deviation, and means over the normalised axes: ∂y/∂x · d = r (d − mean(d) − y mean(d y)). It is
  // linear in d, so a layer's trained scale, if it is constant over the normalised axes, is multiplied into r instead.
  normalize: (y, d) => {
    const { axes, epsilon } = y.attributes;
    const [x] = y.inputs;
    return [() => {
      const { rest, scale } = scaleOutside(d, axes);
      const mean = (value: Value) => reduceMean(value, { axes, keep: true });
      const centred = sub(sub(rest, mean(rest)), mul(y, mean(mul(rest, y))));
      const inverse = inverseDeviation(x!, { axes, epsilon });
      return mul(centred, scale === undefined ? inverse : mul(inverse, scale));
    }];
  },
  // ∂r/∂x = −r² y / n, where y is the normalised x.
  inverseDeviation: (r, d) => {
    const { axes, epsilon } = r.attributes;
    const [x] = r.inputs;
    return [() => {
      const count = elementCount(axes.map((axis) => x!.shape[axis]!));
      const share = div(neg(mul(d, mul(r, r))), count);
      return mul(normalize(x!, { axes, epsilon }), share);
    }];
  },
  softmax: (y, d) => {
    const axes = [y.attributes.axis];
    return [() => mul(y, sub(d, reduceSum(mul(d, y), { axes, keep: true })))];
  },
  logSoftmax: (y, d) => {
    const axes = [y.attributes.axis];
    return [() => sub(d, mul(exp(y), reduceSum(d, { axes, keep: true })))];
  },
  argMax: () => [undefined],
  topK: () => [undefined],
  cumSum: (y, d) => {
    const { axis, exclusive, reverse } = y.attributes;
    return [() => cumSum(d, axis, { exclusive, reverse: !reverse })];
  },

  reshape: ({ inputs: [x] }, d) => [() => reshape(d, x!.shape)],
  transpose: (y, d) => [
    () => transpose(d, inverse(y.attributes.permutation)),
  ],
  broadcastTo: ({ inputs: [x] }, d) => [() => unbroadcast(d, x!)],
  concat: (y, d) => {
    const { axis } = y.attributes;
    let offset = 0;
    return y.inputs.map((part) => {
      const from = offset;
      offset += part.shape[axis]!;
      return () => partAlong(d, axis, from, part.shape[axis]!);
    });
  },
  slice: (y, d) => {
    const { start, end } = y.attributes;
    const [x] = y.inputs;
    return [() => pad(d, start, x!.shape.map((length, axis) => length - end[axis]!))];
  },
  pad: (y, d) => {
    const { before } = y.attributes;
    const [x] = y.inputs;
    return [() => slice(d, before, x!.shape.map((length, axis) => length + before[axis]!))];
  },

  gather: ({ inputs: [table, indices] }, d) => [
    () => scatterAdd(indices!, d, table!.shape[0]!),
    undefined,
  ],
  scatterAdd: ({ inputs: [indices] }, d) => [undefined, () => gather(d, indices!)],
  gatherElements: (y, d) => {
    const [x, indices] = y.inputs;
    return [() => scatterElements(indices!, d, y.attributes.axis, x!.shape), undefined];
  },
  scatterElements: (y, d) => [undefined, () => gatherElements(d, y.inputs[0]!, y.attributes.axis)],
  oneHot: () => [undefined],
  uniform: () => [undefined],
  gatherSum: (y, d) => [
    () => gatherSum(d, transposeTable(y.attributes.table)),
  ],
  foldMax: (y, d) => [() => routeFirst(y.inputs[0]!, y, d)],
  routeFirst: ({ inputs: [x, max] }, d) => [
    undefined,
    undefined,
    () => {
      const mask = routeFirst(x!, max!, fill(1, d.dtype, max!.shape));
      return reduceSum(mul(mask, d), { axes: [0] });
    },
  ],
} satisfies Partial<GradientRules>;
