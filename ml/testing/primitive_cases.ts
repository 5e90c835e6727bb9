import fc from "fast-check";
import {
  avgPool,
  avgPoolGrad,
  conv,
  convInputGrad,
  type ConvolutionOptions,
  convWeightGrad,
  maxPool,
  maxPoolGrad,
} from "../graph/convolution.ts";
import * as ops from "../graph/elementwise.ts";
import { indexTable } from "../graph/index_table.ts";
import {
  foldMax,
  gather,
  gatherElements,
  gatherSum,
  oneHot,
  routeFirst,
  scatterAdd,
  scatterElements,
} from "../graph/indexing.ts";
import { matmul } from "../graph/linear.ts";
import { inverseDeviation, normalize } from "../graph/normalize.ts";
import { broadcastTo, concat, pad, reshape, slice, transpose } from "../graph/movement.ts";
import { uniform } from "../graph/random.ts";
import {
  argMax,
  cumSum,
  logSoftmax,
  reduceMax,
  reduceSum,
  softmax,
  topK,
} from "../graph/reduce.ts";
import { constant, input, type Node, type Primitive, type Value } from "../graph/value.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";

/** An input of a case: float32 numbers between `low` and `high`, or integers below `high`. */
export interface CaseInput {
  readonly value: Node<"input">;
  readonly low: number;
  readonly high: number;
}

/** A primitive applied to inputs of random shapes. */
export interface PrimitiveCase {
  readonly inputs: readonly CaseInput[];
  readonly output: Value;
}

const side = fc.integer({ min: 1, max: 4 });
const shapes = (minLength = 0, maxLength = 4) => fc.array(side, { minLength, maxLength });

function real(name: string, shape: readonly number[], low = -2, high = 2): CaseInput {
  return { value: input(name, "float32", shape) as Node<"input">, low, high };
}

function whole(name: string, shape: readonly number[], high: number): CaseInput {
  return { value: input(name, "int64", shape) as Node<"input">, low: 0, high };
}

function unary(f: (x: Value) => Value, low = -2, high = 2): fc.Arbitrary<PrimitiveCase> {
  return shapes().map((shape) => {
    const x = real("x", shape, low, high);
    return { inputs: [x], output: f(x.value) };
  });
}

/** A shape, and one that broadcasts to it. */
const stretched = fc.tuple(
  shapes(),
  fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  fc.nat(4),
)
  .map(([shape, ones, cut]) =>
    [
      shape,
      shape.map((length, i) => ones[i] ? 1 : length).slice(Math.min(cut, shape.length)),
    ] as const
  );

function binary(f: (a: Value, b: Value) => Value, low = -2, high = 2): fc.Arbitrary<PrimitiveCase> {
  return fc.tuple(stretched, fc.boolean()).map(([[full, part], swap]) => {
    const a = real("a", swap ? part : full, low, high);
    const b = real("b", swap ? full : part, low, high);
    return { inputs: [a, b], output: f(a.value, b.value) };
  });
}

function withAxes(
  f: (x: Value, axes: number[], keep: boolean) => Value,
): fc.Arbitrary<PrimitiveCase> {
  return shapes(1).chain((shape) =>
    fc.tuple(fc.subarray(shape.map((_, axis) => axis), { minLength: 1 }), fc.boolean()).map(
      ([axes, keep]) => {
        const x = real("x", shape);
        return { inputs: [x], output: f(x.value, axes, keep) };
      },
    )
  );
}

function withAxis(f: (x: Value, axis: number) => Value): fc.Arbitrary<PrimitiveCase> {
  return shapes(1).chain((shape) =>
    fc.nat(shape.length - 1).map((axis) => {
      const x = real("x", shape);
      return { inputs: [x], output: f(x.value, axis) };
    })
  );
}

const margins = shapes(1).chain((shape) => {
  const each = fc.array(fc.nat(2), { minLength: shape.length, maxLength: shape.length });
  return fc.tuple(fc.constant(shape), each, each);
});

interface Walk {
  readonly batch: number;
  readonly perGroup: number;
  readonly filtersPerGroup: number;
  readonly extra: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly options: Required<ConvolutionOptions>;
}

const upTo = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const walks: fc.Arbitrary<Walk> = fc.record({
  batch: side,
  perGroup: fc.integer({ min: 1, max: 3 }),
  filtersPerGroup: fc.integer({ min: 1, max: 3 }),
  extra: fc.tuple(fc.nat(4), fc.nat(4)),
  kernel: upTo(3),
  options: fc.record({
    stride: upTo(3),
    padding: fc.tuple(fc.nat(1), fc.nat(1)),
    dilation: upTo(2),
    groups: fc.integer({ min: 1, max: 3 }),
  }),
});

function convolved({ batch, perGroup, filtersPerGroup, extra, kernel, options }: Walk) {
  const { groups, dilation } = options;
  const size = [0, 1].map((axis) =>
    (kernel[axis]! - 1) * (dilation as [number, number])[axis]! + 1 + extra[axis]!
  );
  const x = real("x", [batch, perGroup * groups, ...size]);
  const w = real("w", [filtersPerGroup * groups, perGroup, ...kernel]);
  const y = conv(x.value, w.value, options) as Node<"conv">;
  return { x, w, y, d: real("d", y.shape) };
}

const pools = fc.record({
  shape: fc.tuple(side, side, fc.integer({ min: 3, max: 7 }), fc.integer({ min: 3, max: 7 })),
  kernel: upTo(3),
  stride: upTo(3),
  padded: fc.tuple(fc.boolean(), fc.boolean()),
}).map(({ shape, kernel, stride, padded }) => {
  const padding = [0, 1].map((axis) => padded[axis] && kernel[axis]! > 1 ? 1 : 0) as [
    number,
    number,
  ];
  const x = real("x", shape);
  return { x, y: maxPool(x.value, kernel, { stride, padding }) as Node<"maxPool"> };
});

const tables = fc.record({
  rows: side,
  width: fc.option(side, { nil: undefined }),
  entries: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 12 }),
  taps: fc.integer({ min: 1, max: 3 }),
}).map(({ rows, width, entries, taps }) => {
  const count = Math.ceil(entries.length / taps);
  const filled = Int32Array.from(
    { length: count * taps },
    (_, i) => Math.min(entries[i] ?? -1, rows - 1),
  );
  const x = real("x", width === undefined ? [rows] : [rows, width]);
  return { x, table: { ...indexTable(rows, filled), taps, rows: count } };
});

const lookups = fc.tuple(side, shapes(0, 2), shapes(0, 2));

/** Indices that select along an axis; along the other axes they are no longer than the selected array. */
const choices = fc.tuple(shapes(1), fc.nat(3), fc.nat(1), side).map(([shape, at, cut, count]) => {
  const axis = at % shape.length;
  const chosen = shape.map((length, i) => i === axis ? count : Math.max(1, length - cut));
  return { shape, chosen, axis };
});

/** Cases of all primitives: a primitive without a case is a type error. */
export const PRIMITIVE_CASES: {
  readonly [P in Exclude<Primitive, "input">]: fc.Arbitrary<PrimitiveCase>;
} = {
  constant: shapes().map((shape) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const known = tensor("float32", shape, Float32Array.from({ length: count }, (_, i) => i / 4));
    const x = real("x", shape);
    return { inputs: [x], output: ops.mul(x.value, constant(known as Tensor)) };
  }),
  neg: unary(ops.neg),
  exp: unary(ops.exp),
  log: unary(ops.log, 0.2, 3),
  sqrt: unary(ops.sqrt, 0.2, 3),
  abs: unary(ops.abs),
  sign: unary(ops.sign),
  tanh: unary(ops.tanh),
  sigmoid: unary(ops.sigmoid),
  erf: unary(ops.erf),
  relu: unary(ops.relu),
  softplus: unary(ops.softplus),
  cast: unary((x) => ops.cast(ops.cast(x, "float64"), "float32")),
  sin: unary(ops.sin),
  cos: unary(ops.cos),
  floor: unary(ops.floor),
  ceil: unary(ops.ceil),
  round: unary(ops.round),
  not: unary((x) => ops.cast(ops.not(ops.less(x, 0)), "float32")),
  stopGradient: unary((x) => ops.mul(x, ops.stopGradient(x))),
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary(ops.div, 0.5, 2),
  maximum: binary(ops.maximum),
  pow: binary(ops.pow, 0.3, 2),
  mod: fc.tuple(stretched, fc.boolean()).map(([[full, part], swap]) => {
    const a = real("a", swap ? part : full);
    const b = real("b", swap ? full : part, 5, 6);
    return { inputs: [a, b], output: ops.mod(a.value, b.value) };
  }),
  and: binary((a, b) => ops.cast(ops.and(ops.less(a, 0), ops.less(b, 0)), "float32")),
  or: binary((a, b) => ops.cast(ops.or(ops.less(a, 0), ops.less(b, 0)), "float32")),
  less: binary((a, b) => ops.cast(ops.less(a, b), "float32")),
  equal: binary((a, b) => ops.cast(ops.equal(ops.sign(a), ops.sign(b)), "float32")),
  where: binary((a, b) => ops.where(ops.less(a, b), ops.mul(a, a), b)),
  matmul: fc.tuple(stretched, fc.boolean(), side, side, side).map(
    ([[full, part], swap, m, k, n]) => {
      const a = real("a", [...(swap ? part : full).slice(0, 2), m, k]);
      const b = real("b", [...(swap ? full : part).slice(0, 2), k, n]);
      const lead = a.value.shape.slice(0, -2);
      // Cut to two axes, the shapes may not broadcast to each other.
      const other = b.value.shape.slice(0, -2);
      const fits = lead.every((length, i) => {
        const own = other[i - lead.length + other.length] ?? 1;
        return length === own || length === 1 || own === 1;
      });
      const right = fits ? b : real("b", [k, n]);
      return { inputs: [a, right], output: matmul(a.value, right.value) };
    },
  ),
  reduceSum: withAxes((x, axes, keep) => reduceSum(x, { axes, keep })),
  reduceMax: withAxes((x, axes, keep) => reduceMax(x, { axes, keep })),
  normalize: withAxes((x, axes) => normalize(x, { axes, epsilon: 0.1 })),
  inverseDeviation: withAxes((x, axes) => inverseDeviation(x, { axes, epsilon: 0.1 })),
  softmax: withAxis(softmax),
  logSoftmax: withAxis(logSoftmax),
  argMax: withAxis((x, axis) => ops.cast(argMax(x, axis), "float32")),
  cumSum: fc.tuple(shapes(1), fc.nat(3), fc.boolean(), fc.boolean()).map(
    ([shape, at, exclusive, reverse]) => {
      const x = real("x", shape);
      return { inputs: [x], output: cumSum(x.value, at % shape.length, { exclusive, reverse }) };
    },
  ),
  topK: fc.tuple(shapes(1), fc.nat(3), fc.nat(), fc.boolean()).map(([shape, at, k, largest]) => {
    const x = real("x", shape);
    const axis = at % shape.length;
    const count = 1 + k % shape[axis]!;
    return { inputs: [x], output: ops.cast(topK(x.value, count, axis, largest), "float32") };
  }),
  reshape: unary((x) => reshape(x, [-1])),
  transpose: shapes(1).chain((shape) =>
    fc.shuffledSubarray(shape.map((_, axis) => axis), { minLength: shape.length }).map((order) => {
      const x = real("x", shape);
      return { inputs: [x], output: transpose(x.value, order) };
    })
  ),
  broadcastTo: stretched.map(([full, part]) => {
    const x = real("x", part);
    return { inputs: [x], output: broadcastTo(x.value, full) };
  }),
  concat: fc.tuple(shapes(1), fc.nat(3), side, side).map(([shape, at, m, n]) => {
    const axis = at % shape.length;
    const a = real("a", shape.map((length, i) => i === axis ? m : length));
    const b = real("b", shape.map((length, i) => i === axis ? n : length));
    return { inputs: [a, b], output: concat([a.value, b.value, a.value], axis) };
  }),
  slice: margins.map(([shape, before, after]) => {
    const x = real("x", shape.map((length, axis) => length + before[axis]! + after[axis]!));
    const end = shape.map((length, axis) => length + before[axis]!);
    return { inputs: [x], output: slice(x.value, before, end) };
  }),
  pad: margins.map(([shape, before, after]) => {
    const x = real("x", shape);
    return { inputs: [x], output: pad(x.value, before, after) };
  }),
  gather: lookups.map(([rows, indices, rest]) => {
    const table = real("table", [rows, ...rest]);
    const at = whole("at", indices, rows);
    return { inputs: [table, at], output: gather(table.value, at.value) };
  }),
  scatterAdd: lookups.map(([rows, indices, rest]) => {
    const at = whole("at", indices, rows);
    const updates = real("updates", [...indices, ...rest]);
    return { inputs: [at, updates], output: scatterAdd(at.value, updates.value, rows) };
  }),
  gatherElements: choices.map(({ shape, chosen, axis }) => {
    const x = real("x", shape);
    const at = whole("at", chosen, shape[axis]!);
    return { inputs: [x, at], output: gatherElements(x.value, at.value, axis) };
  }),
  scatterElements: choices.map(({ shape, chosen, axis }) => {
    const at = whole("at", chosen, shape[axis]!);
    const updates = real("updates", chosen);
    return { inputs: [at, updates], output: scatterElements(at.value, updates.value, axis, shape) };
  }),
  oneHot: fc.tuple(shapes(0, 2), side).map(([shape, depth]) => {
    const x = whole("x", shape, depth + 1);
    return { inputs: [x], output: oneHot(x.value, depth) };
  }),
  uniform: fc.tuple(shapes(), fc.nat(5)).map(([shape, salt]) => {
    const key = input("key", "uint32", []) as Node<"input">;
    const scale = real("scale", shape);
    return {
      inputs: [{ value: key, low: 0, high: 2 ** 32 }, scale],
      output: ops.mul(uniform(key, salt, shape), scale.value),
    };
  }),
  gatherSum: tables.map(({ x, table }) => ({ inputs: [x], output: gatherSum(x.value, table) })),
  foldMax: shapes(1).map((shape) => {
    const x = real("x", shape);
    return { inputs: [x], output: foldMax(x.value) };
  }),
  routeFirst: shapes(1).map((shape) => {
    const x = real("x", shape);
    const d = real("d", shape.slice(1));
    return { inputs: [x, d], output: routeFirst(x.value, foldMax(x.value), d.value) };
  }),
  conv: walks.map(convolved).map(({ x, w, y }) => ({ inputs: [x, w], output: y })),
  convInputGrad: walks.map(convolved).map(({ w, y, d }) => ({
    inputs: [d, w],
    output: convInputGrad(d.value, w.value, y.attributes.geometry),
  })),
  convWeightGrad: walks.map(convolved).map(({ x, y, d }) => ({
    inputs: [x, d],
    output: convWeightGrad(x.value, d.value, y.attributes.geometry),
  })),
  maxPool: pools.map(({ x, y }) => ({ inputs: [x], output: y })),
  avgPool: pools.map(({ x, y }) => {
    const { kernel, ...options } = y.attributes.geometry;
    return { inputs: [x], output: avgPool(x.value, kernel, options) };
  }),
  avgPoolGrad: pools.map(({ y }) => {
    const d = real("d", y.shape);
    return { inputs: [d], output: avgPoolGrad(d.value, y.attributes.geometry) };
  }),
  maxPoolGrad: pools.map(({ x, y }) => {
    const d = real("d", y.shape);
    return { inputs: [x, d], output: maxPoolGrad(x.value, d.value, y.attributes.geometry) };
  }),
};
