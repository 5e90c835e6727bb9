import { elementCount } from "../../tensor/tensor.ts";
import { applyRule } from "../grad/gradients.ts";
import { cast, equal, fill, mul } from "../graph/elementwise.ts";
import { oneHot } from "../graph/indexing.ts";
import { matmul } from "../graph/linear.ts";
import { broadcastTo, pad, reshape, transpose } from "../graph/movement.ts";
import { reduceSum } from "../graph/reduce.ts";
import { isElementwise, type RowLayout } from "../graph/rows.ts";
import { type Node, type Value, withInputs } from "../graph/value.ts";
import { patches } from "./patches.ts";
import { byExample } from "./rows.ts";

/**
 * A place where a value that is the same for all examples, such as a parameter, becomes part of a value with a row for each
 * example.
 */
export interface Use {
  /** The value with the rows. */
  readonly value: Value;
  /** Which of its inputs is the shared one. */
  readonly index: number;
  /** The gradient of the sum of all examples' losses in the value. */
  readonly gradient: Value;
  readonly layout: RowLayout;
  /** Number of examples. */
  readonly batch: number;
}

/** The gradients of each example's loss in the shared input of a use. */
export interface ExampleGradients {
  /** The gradients, [batch, …shape of the input]. */
  each(): Value;
  /** The squares of their norms, [batch], where they cost less without the gradients. */
  readonly squares?: () => Value;
}

/** Most numbers whose squares are added up one after the other: a sum over more loses those that are small beside it. */
const SUMMED_IN_ORDER = 4096;

/**
 * Length of the parts that so many numbers are divided into: the largest divisor up to {@link SUMMED_IN_ORDER}, unless all are
 * short.
 */
function partLength(numbers: number): number {
  for (let length = Math.min(numbers, SUMMED_IN_ORDER); length * 16 > SUMMED_IN_ORDER; length--) {
    if (numbers % length === 0) return length;
  }
  return Math.max(1, Math.min(numbers, SUMMED_IN_ORDER));
}

/**
 * The squares of the norms of gradients [batch, …]. As products of parts of each gradient with themselves they take half the
 * time of squares that are stored and added up, and are more exact.
 */
export function squaresOf(each: Value): Value {
  const batch = each.shape[0]!;
  const numbers = elementCount(each.shape.slice(1));
  const length = partLength(numbers);
  const parts = Math.ceil(numbers / length);
  const flat = reshape(each, [batch, numbers]);
  const missing = parts * length - numbers;
  const filled = missing === 0 ? flat : pad(flat, [0, 0], [0, missing]);
  const rows = reshape(filled, [batch, parts, 1, length]);
  return reduceSum(matmul(rows, transpose(rows, [0, 1, 3, 2])), { axes: [1, 2, 3] });
}

/** The squares of the norms of rows, each along one example, [batch]. */
function squaresAlong(x: Value, layout: RowLayout, batch: number): Value {
  const { axis } = layout;
  if (axis === 0 || elementCount(x.shape) > batch * SUMMED_IN_ORDER) {
    return squaresOf(byExample(x, layout, batch));
  }
  const axes = x.shape.map((_, other) => other).filter((other) => other !== axis);
  return reduceSum(mul(x, x), { axes });
}

/** The gradients of each example at a use; undefined if there is no rule for its primitive. */
export function exampleGradients(use: Use): ExampleGradients | undefined {
  const { value, index, layout } = use;
  switch (value.primitive) {
    case "matmul":
      return layout.axis < value.shape.length - 2 ? broadcast(use) : product(use, value);
    case "conv":
      return index === 1 && layout.axis === 0 && layout.outer * layout.inner === 1 &&
          value.attributes.geometry.block === undefined
        ? convolution(use, value)
        : undefined;
    case "gather":
      return index === 0 ? lookUp(use, value) : undefined;
    default:
      return isElementwise(value) ? broadcast(use) : undefined;
  }
}

/**
 * An operand that is broadcast to all examples. Broadcasting it to the axis of the examples first makes the gradient rule
 * keep that axis.
 */
function broadcast(use: Use): ExampleGradients | undefined {
  const { value, index, gradient, layout, batch } = use;
  const shared = value.inputs[index]!;
  const aligned = [
    ...Array(value.shape.length - shared.shape.length).fill(1),
    ...shared.shape,
  ];
  if (aligned[layout.axis] !== 1) return undefined;
  const wide = aligned.with(layout.axis, value.shape[layout.axis]!);
  const copies = broadcastTo(reshape(shared, aligned), wide);
  const copied = withInputs(value, value.inputs.map((x, i) => i === index ? copies : x));
  return {
    each() {
      const part = applyRule(copied, gradient)[index]?.() ?? fill(0, shared.dtype, wide);
      const apart = byExample(part, layout, batch);
      const sums = layout.outer * layout.inner === 1 ? apart : reduceSum(apart, { axes: [2, 3] });
      return reshape(sums, [batch, ...shared.shape]);
    },
  };
}

/**
 * Whether the products of all pairs of positions cost less than the gradients. After them, the sum still needs the product
 * that the gradients are, so they must be far cheaper.
 */
function pairsAreCheaper(positions: number, from: number, to: number): boolean {
  return 2 * positions * (from + to) < from * to;
}

/** Σᵢⱼ (aᵢ · aⱼ) (bᵢ · bⱼ), the square of the norm of Σᵢ aᵢ bᵢᵀ, for a [batch, positions, n] and b [batch, positions, m]. */
function squaresByPairs(a: Value, b: Value): Value {
  const pairs = (x: Value) => matmul(x, transpose(x, [0, 2, 1]));
  return reduceSum(mul(pairs(a), pairs(b)), { axes: [1, 2] });
}

/** One matrix for all examples, whose rows or columns are those of the other factor. */
function product(use: Use, value: Node<"matmul">): ExampleGradients | undefined {
  const { index, gradient, layout, batch } = use;
  const shared = value.inputs[index]!;
  const other = value.inputs[1 - index]!;
  if (shared.shape.length !== 2 || other.shape.length !== 2 || layout.axis !== 1 - index) {
    return undefined;
  }
  const positions = layout.outer * layout.inner;
  // The rows of x · W as [batch, positions, length], or the columns of W · x as [batch, length, positions].
  const apart = (x: Value) => {
    const shape = index === 1 ? [batch, positions, -1] : [batch, -1, positions];
    return reshape(byExample(x, layout, batch), shape);
  };
  const turned = (x: Value) => transpose(x, [0, 2, 1]);
  const each = () => {
    const [x, d] = [apart(other), apart(gradient)];
    return index === 1 ? matmul(turned(x), d) : matmul(d, turned(x));
  };
  if (positions === 1) {
    return {
      each,
      squares: () => mul(squaresAlong(other, layout, batch), squaresAlong(gradient, layout, batch)),
    };
  }
  const [length, width] = [other, gradient].map((x) => x.shape[index === 1 ? 1 : 0]!);
  if (!pairsAreCheaper(positions, length!, width!)) return { each };
  const rows = (x: Value) => index === 1 ? apart(x) : turned(apart(x));
  return { each, squares: () => squaresByPairs(rows(other), rows(gradient)) };
}

/** The kernels of a convolution: for each example, one matrix product of patches and gradients. */
function convolution(use: Use, value: Node<"conv">): ExampleGradients {
  const { gradient, batch } = use;
  const { geometry } = value.attributes;
  const [x, w] = value.inputs;
  const { groups, kernel } = geometry;
  const [filters, channels] = [w!.shape[0]! / groups, w!.shape[1]!];
  const elements = elementCount(kernel);
  const positions = elementCount(gradient.shape.slice(2));
  /** [batch, groups, elements · channels, positions]. */
  const seen = () => {
    const all = reshape(patches(x!, geometry), [batch, elements, groups, channels, positions]);
    const grouped = groups === 1 ? all : transpose(all, [0, 2, 1, 3, 4]);
    return reshape(grouped, [batch, groups, elements * channels, positions]);
  };
  /** [batch, groups, positions, filters]. */
  const slopes = () =>
    transpose(reshape(gradient, [batch, groups, filters, positions]), [0, 1, 3, 2]);
  const each = () => {
    const products = matmul(seen(), slopes());
    const apart = reshape(products, [batch, groups, elements, channels, filters]);
    return reshape(transpose(apart, [0, 1, 4, 3, 2]), [batch, ...w!.shape]);
  };
  if (groups > 1 || !pairsAreCheaper(positions, elements * channels, filters)) return { each };
  const squares = () => {
    const columns = transpose(reshape(seen(), [batch, elements * channels, positions]), [0, 2, 1]);
    return squaresByPairs(columns, reshape(slopes(), [batch, positions, filters]));
  };
  return { each, squares };
}

/** Rows of a table that positions select: positions with the same row add up. */
function lookUp(use: Use, value: Node<"gather">): ExampleGradients {
  const { gradient, layout, batch } = use;
  const [table, indices] = value.inputs;
  const rows = reshape(byExample(indices!, layout, batch), [batch, -1]);
  const positions = rows.shape[1]!;
  const slopes = reshape(byExample(gradient, layout, batch), [batch, positions, -1]);
  return {
    each() {
      const chosen = transpose(oneHot(rows, table!.shape[0]!), [0, 2, 1]);
      return reshape(matmul(chosen, slopes), [batch, ...table!.shape]);
    },
    squares() {
      if (positions === 1) return squaresOf(slopes);
      const [left, right] = [[batch, positions, 1], [batch, 1, positions]];
      const same = cast(equal(reshape(rows, left!), reshape(rows, right!)), slopes.dtype);
      const pairs = matmul(slopes, transpose(slopes, [0, 2, 1]));
      return reduceSum(mul(same, pairs), { axes: [1, 2] });
    },
  };
}
