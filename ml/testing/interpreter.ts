import { imageShape } from "../graph/blocks.ts";
import { outputSize, type PoolGeometry } from "../graph/geometry.ts";
import type { ConvolutionGeometry } from "../graph/geometry.ts";
import { elementBits } from "../graph/random.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { Node, Primitive, Value } from "../graph/value.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { flatAt, fromPositions, type NdArray, ndArray, pick } from "./nd_array.ts";

/** The definition of each primitive, written as plainly as possible, in float64. */
type Meanings = {
  readonly [P in Exclude<Primitive, "input">]: (
    node: Node<P>,
    inputs: readonly NdArray[],
  ) => NdArray;
};

type Elementwise = (node: Value, inputs: readonly NdArray[]) => NdArray;

const elementwise = (f: (...x: number[]) => number): Elementwise => (node, inputs) =>
  fromPositions(node.shape, (at) => f(...inputs.map((x) => pick(x, at))));

/** The error function by its Taylor series, accurate enough for |x| ≤ 4. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

function without(at: readonly number[], axes: readonly number[]): number[] {
  return at.filter((_, axis) => !axes.includes(axis));
}

function reduce(
  x: NdArray,
  node: Node<"reduceSum" | "reduceMax">,
  start: number,
  join: (a: number, b: number) => number,
): NdArray {
  const { axes, keep } = node.attributes;
  const result = ndArray(node.shape, () => start);
  fromPositions(x.shape, (at) => {
    const target = keep ? flatAt(at, node.shape) : flatAt(without(at, axes), node.shape);
    return result.data[target] = join(result.data[target]!, pick(x, at));
  });
  return result;
}

/** Sums along one axis, kept at length 1. */
function sumAlong(x: NdArray, axis: number): NdArray {
  const shape = x.shape.map((length, other) => other === axis ? 1 : length);
  const sums = ndArray(shape, () => 0);
  fromPositions(x.shape, (at) => sums.data[flatAt(at, shape)]! += pick(x, at));
  return sums;
}

/** Means and 1/√(variance + epsilon) over axes, kept at length 1. */
function momentsOf(
  x: NdArray,
  { axes, epsilon }: Node<"normalize">["attributes"],
): { means: NdArray; inverse: NdArray } {
  const shape = x.shape.map((length, axis) => axes.includes(axis) ? 1 : length);
  const share = elementCount(shape) / elementCount(x.shape);
  const means = ndArray(shape, () => 0);
  fromPositions(x.shape, (at) => means.data[flatAt(at, shape)]! += share * pick(x, at));
  const variances = ndArray(shape, () => 0);
  fromPositions(x.shape, (at) => {
    const distance = pick(x, at) - pick(means, at);
    return variances.data[flatAt(at, shape)]! += share * distance * distance;
  });
  return { means, inverse: ndArray(shape, (i) => 1 / Math.sqrt(variances.data[i]! + epsilon)) };
}

/** Images as [b, c, h, w], also if they are in blocks of channels. */
function imagesOf(x: NdArray): NdArray {
  if (x.shape.length !== 5) return x;
  const block = x.shape[4]!;
  return fromPositions(
    imageShape(x.shape),
    ([b, c, h, w]) => pick(x, [b!, Math.floor(c! / block), h!, w!, c! % block]),
  );
}

/** Images [b, c, h, w] reordered to a shape that can be one of blocks of channels. */
function inShape(x: NdArray, shape: readonly number[]): NdArray {
  if (shape.length !== 5) return x;
  const block = shape[4]!;
  return fromPositions(shape, ([b, c, h, w, i]) => pick(x, [b!, c! * block + i!, h!, w!]));
}

/** Calls back with the flat positions in x, w and y of each product that a convolution sums. */
function eachProduct(
  geometry: ConvolutionGeometry,
  [batch, channels, filters]: readonly [number, number, number],
  visit: (x: number, w: number, y: number) => void,
): void {
  const { input: [height, width], kernel, stride, padding, dilation, groups } = geometry;
  const [rows, columns] = outputSize(geometry);
  const perGroup = channels / groups;
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < filters; o++) {
      const group = Math.floor(o / (filters / groups));
      fromPositions([rows, columns, perGroup, ...kernel], ([p, q, c, i, j]) => {
        const h = p! * stride[0] + i! * dilation[0] - padding[0];
        const v = q! * stride[1] + j! * dilation[1] - padding[1];
        if (h >= 0 && h < height && v >= 0 && v < width) {
          visit(
            ((b * channels + group * perGroup + c!) * height + h) * width + v,
            ((o * perGroup + c!) * kernel[0] + i!) * kernel[1] + j!,
            ((b * filters + o) * rows + p!) * columns + q!,
          );
        }
        return 0;
      });
    }
  }
}

/** Calls back with the flat positions in x and y of each element of each window, one window after the other. */
function eachInWindow(
  [batch, channels]: readonly number[],
  geometry: PoolGeometry,
  visit: (x: number, y: number) => void,
): void {
  const { input: [height, width], kernel, stride, padding } = geometry;
  const [rows, columns] = outputSize(geometry);
  fromPositions([batch! * channels!, rows, columns, ...kernel], ([plane, p, q, i, j]) => {
    const h = p! * stride[0] + i! - padding[0];
    const v = q! * stride[1] + j! - padding[1];
    if (h >= 0 && h < height && v >= 0 && v < width) {
      visit((plane! * height + h) * width + v, (plane! * rows + p!) * columns + q!);
    }
    return 0;
  });
}

/** Calls back with the flat position of the first maximum of each window. */
function eachMaximum(
  x: NdArray,
  geometry: PoolGeometry,
  visit: (x: number, y: number) => void,
): void {
  const best = new Map<number, number>();
  eachInWindow(x.shape, geometry, (i, k) => {
    const known = best.get(k);
    if (known === undefined || x.data[i]! > x.data[known]!) best.set(k, i);
  });
  for (const [k, i] of best) visit(i, k);
}

/** Position of the first maximum along axis 0, for each place of the other axes. */
function firstAlongZero(x: NdArray): number[] {
  const width = elementCount(x.shape.slice(1));
  return Array.from({ length: width }, (_, i) => {
    let best = 0;
    for (let row = 1; row < x.shape[0]!; row++) {
      if (x.data[row * width + i]! > x.data[best * width + i]!) best = row;
    }
    return best;
  });
}

const MEANINGS: Meanings = {
  constant: ({ attributes: { tensor } }) => ndArray(tensor.shape, (i) => Number(tensor.data[i])),
  neg: elementwise((x) => -x),
  exp: elementwise(Math.exp),
  log: elementwise(Math.log),
  sqrt: elementwise(Math.sqrt),
  abs: elementwise(Math.abs),
  sign: elementwise(Math.sign),
  tanh: elementwise(Math.tanh),
  sigmoid: elementwise((x) => 1 / (1 + Math.exp(-x))),
  erf: elementwise(erf),
  relu: elementwise((x) => Math.max(x, 0)),
  softplus: elementwise((x) => Math.log1p(Math.exp(x))),
  sin: elementwise(Math.sin),
  cos: elementwise(Math.cos),
  floor: elementwise(Math.floor),
  ceil: elementwise(Math.ceil),
  round: elementwise((x) => {
    const low = Math.floor(x);
    const nearest = x - low === 0.5 ? low + low % 2 : Math.round(x);
    return nearest;
  }),
  not: elementwise((x) => Number(x === 0)),
  cast: elementwise((x) => x),
  stopGradient: elementwise((x) => x),
  add: elementwise((a, b) => a! + b!),
  sub: elementwise((a, b) => a! - b!),
  mul: elementwise((a, b) => a! * b!),
  div: elementwise((a, b) => a! / b!),
  maximum: elementwise(Math.max),
  pow: elementwise((a, b) => a! ** b!),
  mod: ({ attributes: { sign }, shape }, [a, b]) =>
    fromPositions(shape, (at) => {
      const [x, y] = [pick(a!, at), pick(b!, at)];
      return sign === "dividend" ? x % y : x - Math.floor(x / y) * y;
    }),
  and: elementwise((a, b) => Number(a !== 0 && b !== 0)),
  or: elementwise((a, b) => Number(a !== 0 || b !== 0)),
  less: elementwise((a, b) => Number(a! < b!)),
  equal: elementwise((a, b) => Number(a === b)),
  where: elementwise((condition, a, b) => condition ? a! : b!),
  matmul: (node, [a, b]) =>
    fromPositions(node.shape, (at) => {
      const lead = at.slice(0, -2);
      let sum = 0;
      for (let k = 0; k < a!.shape.at(-1)!; k++) {
        sum += pick(a!, [...lead, at.at(-2)!, k]) * pick(b!, [...lead, k, at.at(-1)!]);
      }
      return sum;
    }),
  reduceSum: (node, [x]) => reduce(x!, node, 0, (a, b) => a + b),
  reduceMax: (node, [x]) => reduce(x!, node, -Infinity, Math.max),
  normalize: ({ shape, attributes }, [x]) => {
    const { means, inverse } = momentsOf(x!, attributes);
    return fromPositions(shape, (at) => (pick(x!, at) - pick(means, at)) * pick(inverse, at));
  },
  inverseDeviation: ({ attributes }, [x]) => momentsOf(x!, attributes).inverse,
  softmax: ({ attributes: { axis } }, [x]) => {
    const powers = ndArray(x!.shape, (i) => Math.exp(x!.data[i]!));
    const sums = sumAlong(powers, axis);
    return fromPositions(x!.shape, (at) => pick(powers, at) / pick(sums, at));
  },
  logSoftmax: ({ attributes: { axis } }, [x]) => {
    const sums = sumAlong(ndArray(x!.shape, (i) => Math.exp(x!.data[i]!)), axis);
    return fromPositions(x!.shape, (at) => pick(x!, at) - Math.log(pick(sums, at)));
  },
  argMax: ({ attributes: { axis }, shape }, [x]) =>
    fromPositions(shape, (at) => {
      let best = 0;
      const value = (i: number) => pick(x!, [...at.slice(0, axis), i, ...at.slice(axis)]);
      for (let i = 1; i < x!.shape[axis]!; i++) if (value(i) > value(best)) best = i;
      return best;
    }),
  cumSum: ({ shape, attributes: { axis, exclusive, reverse } }, [x]) =>
    fromPositions(shape, (at) => {
      let sum = 0;
      for (let i = 0; i < shape[axis]!; i++) {
        const counts = reverse ? i > at[axis]! : i < at[axis]!;
        if (counts || (i === at[axis] && !exclusive)) sum += pick(x!, at.with(axis, i));
      }
      return sum;
    }),
  topK: ({ shape, attributes: { axis, largest } }, [x]) =>
    fromPositions(shape, (at) => {
      const value = (i: number) => pick(x!, at.with(axis, i));
      const order = Array.from({ length: x!.shape[axis]! }, (_, i) => i);
      order.sort((i, j) => largest ? value(j) - value(i) : value(i) - value(j));
      return order[at[axis]!]!;
    }),
  reshape: ({ shape }, [x]) => ({ shape, data: x!.data }),
  transpose: ({ shape, attributes: { permutation } }, [x]) =>
    fromPositions(shape, (at) => {
      const source: number[] = [];
      permutation.forEach((axis, i) => source[axis] = at[i]!);
      return pick(x!, source);
    }),
  broadcastTo: ({ shape }, [x]) => fromPositions(shape, (at) => pick(x!, at)),
  concat: ({ shape, attributes: { axis } }, parts) =>
    fromPositions(shape, (at) => {
      let offset = at[axis]!;
      const part = parts.find(({ shape }) => {
        if (offset < shape[axis]!) return true;
        offset -= shape[axis]!;
        return false;
      })!;
      return part.data[
        at.reduce(
          (flat, i, other) => flat * part.shape[other]! + (other === axis ? offset : i),
          0,
        )
      ]!;
    }),
  slice: ({ shape, attributes: { start } }, [x]) =>
    fromPositions(shape, (at) =>
      x!.data[
        at.reduce((flat, i, axis) => flat * x!.shape[axis]! + i + start[axis]!, 0)
      ]!),
  pad: ({ shape, attributes: { before } }, [x]) =>
    fromPositions(shape, (at) => {
      const source = at.map((i, axis) => i - before[axis]!);
      const inside = source.every((i, axis) => i >= 0 && i < x!.shape[axis]!);
      return inside ? x!.data[source.reduce((flat, i, axis) => flat * x!.shape[axis]! + i, 0)]! : 0;
    }),
  gather: ({ shape }, [table, indices]) => {
    const width = elementCount(table!.shape.slice(1));
    return ndArray(
      shape,
      (i) => table!.data[indices!.data[Math.floor(i / width)]! * width + i % width]!,
    );
  },
  scatterAdd: ({ shape }, [indices, updates]) => {
    const sum = ndArray(shape, () => 0);
    const width = elementCount(shape.slice(1));
    updates!.data.forEach((value, i) => {
      sum.data[indices!.data[Math.floor(i / width)]! * width + i % width]! += value;
    });
    return sum;
  },
  gatherElements: ({ shape, attributes: { axis } }, [x, indices]) =>
    fromPositions(shape, (at) => pick(x!, at.with(axis, pick(indices!, at)))),
  scatterElements: ({ shape, attributes: { axis } }, [indices, updates]) => {
    const sum = ndArray(shape, () => 0);
    fromPositions(updates!.shape, (at) => {
      const target = at.with(axis, pick(indices!, at));
      return sum.data[target.reduce((flat, i, other) => flat * shape[other]! + i, 0)]! += pick(
        updates!,
        at,
      );
    });
    return sum;
  },
  oneHot: ({ shape, attributes: { depth } }, [x]) =>
    ndArray(shape, (i) => Number(x!.data[Math.floor(i / depth)] === i % depth)),
  uniform: ({ shape, attributes: { salt } }, [key]) =>
    ndArray(
      shape,
      (i) => (Math.imul(elementBits(i, salt), key!.data[0]! | 1) >>> 8) / 2 ** 24,
    ),
  gatherSum: ({ shape, attributes: { table } }, [x]) => {
    const width = elementCount(shape.slice(1));
    return ndArray(shape, (flat) => {
      let sum = 0;
      for (let tap = 0; tap < table.taps; tap++) {
        const row = table.entries[tap * table.rows + Math.floor(flat / width)]!;
        if (row >= 0) sum += x!.data[row * width + flat % width]!;
      }
      return sum;
    });
  },
  foldMax: ({ shape }, [x]) => {
    const first = firstAlongZero(x!);
    return ndArray(shape, (i) => x!.data[first[i]! * first.length + i]!);
  },
  routeFirst: ({ shape }, [x, , d]) => {
    const first = firstAlongZero(x!);
    return ndArray(shape, (flat) => {
      const i = flat % first.length;
      return first[i] === Math.floor(flat / first.length) ? d!.data[i]! : 0;
    });
  },
  conv: ({ shape, attributes: { geometry } }, [x, w]) => {
    const [images, y] = [imagesOf(x!), ndArray(imageShape(shape), () => 0)];
    eachProduct(geometry, [images.shape[0]!, images.shape[1]!, w!.shape[0]!], (i, j, k) => {
      y.data[k]! += images.data[i]! * w!.data[j]!;
    });
    return inShape(y, shape);
  },
  convInputGrad: ({ shape, attributes: { geometry } }, [d, w]) => {
    const [slopes, dx] = [imagesOf(d!), ndArray(imageShape(shape), () => 0)];
    eachProduct(geometry, [dx.shape[0]!, dx.shape[1]!, w!.shape[0]!], (i, j, k) => {
      dx.data[i]! += slopes.data[k]! * w!.data[j]!;
    });
    return inShape(dx, shape);
  },
  convWeightGrad: ({ shape, attributes: { geometry } }, [x, d]) => {
    const [images, slopes, dw] = [imagesOf(x!), imagesOf(d!), ndArray(shape, () => 0)];
    eachProduct(geometry, [images.shape[0]!, images.shape[1]!, shape[0]!], (i, j, k) => {
      dw.data[j]! += images.data[i]! * slopes.data[k]!;
    });
    return dw;
  },
  maxPool: ({ shape, attributes: { geometry } }, [x]) => {
    const y = ndArray(shape, () => 0);
    eachMaximum(x!, geometry, (i, k) => y.data[k] = x!.data[i]!);
    return y;
  },
  avgPool: ({ shape, attributes: { geometry } }, [x]) => {
    const y = ndArray(shape, () => 0);
    const share = 1 / (geometry.kernel[0] * geometry.kernel[1]);
    eachInWindow(x!.shape, geometry, (i, k) => y.data[k]! += share * x!.data[i]!);
    return y;
  },
  avgPoolGrad: ({ shape, attributes: { geometry } }, [d]) => {
    const dx = ndArray(shape, () => 0);
    const share = 1 / (geometry.kernel[0] * geometry.kernel[1]);
    eachInWindow(shape, geometry, (i, k) => dx.data[i]! += share * d!.data[k]!);
    return dx;
  },
  maxPoolGrad: ({ shape, attributes: { geometry } }, [x, d]) => {
    const dx = ndArray(shape, () => 0);
    eachMaximum(x!, geometry, (i, k) => dx.data[i]! += d!.data[k]!);
    return dx;
  },
};

function meaning<P extends Exclude<Primitive, "input">>(
  node: Node<P>,
  inputs: readonly NdArray[],
): NdArray {
  const of: Meanings[P] = MEANINGS[node.primitive];
  return of(node, inputs);
}

/**
 * Computes values in float64 from given inputs.
 *
 * @param round applied to each number of each float32 result, e.g. Math.fround to see how much rounding alone changes the outputs
 */
export function interpret(
  outputs: readonly Value[],
  inputs: ReadonlyMap<string, NdArray>,
  round?: (x: number) => number,
): NdArray[] {
  const known = new Map<Value, NdArray>();
  for (const value of topologicalOrder(outputs)) {
    const result = value.primitive === "input"
      ? inputs.get(value.attributes.name)!
      : meaning(value, value.inputs.map((x) => known.get(x)!));
    const rounds = round !== undefined && value.dtype === "float32";
    known.set(value, rounds ? { ...result, data: result.data.map(round) } : result);
  }
  return outputs.map((output) => known.get(output)!);
}
