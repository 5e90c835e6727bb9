import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { add, mul } from "./elementwise.ts";
import type { Pair } from "./geometry.ts";
import { indexTable } from "./index_table.ts";
import { gather, gatherSum } from "./indexing.ts";
import { matmul } from "./linear.ts";
import { concat, reshape, transpose } from "./movement.ts";
import { showShape } from "./shape.ts";
import { constant, type Value } from "./value.ts";

/** Elements of an axis that one of the result is made of: for each of them a position and a weight. */
export interface Tap {
  readonly positions: readonly number[];
  readonly weights: readonly number[];
}

/** Elements along an axis chosen by known positions; their gradients are added up without a scatter. */
export function pickAlong(x: Value, axis: number, positions: readonly number[]): Value {
  const times = positions.length / x.shape[axis]!;
  // Each element as often, one after the other: a repetition, whose gradient is a plain sum.
  if (Number.isInteger(times) && positions.every((at, i) => at === Math.floor(i / times))) {
    return repeatAlong(x, axis, times);
  }
  const rest = x.shape.map((_, other) => other).filter((other) => other !== axis);
  const lines = transpose(x, [axis, ...rest]);
  const rows = x.dtype === "float32"
    ? gatherSum(lines, indexTable(x.shape[axis]!, Int32Array.from(positions)))
    : gather(
      lines,
      constant(tensor("int64", [positions.length], BigInt64Array.from(positions, BigInt))),
    );
  const back = x.shape.map((_, other) => other === axis ? 0 : other < axis ? other + 1 : other);
  return transpose(rows, back);
}

/** Each element several times, one after the other. ONNX Runtime joins arrays three times as fast as it repeats one. */
function repeatAlong(x: Value, axis: number, times: number): Value {
  if (times === 1) return x;
  const [before, behind] = [x.shape.slice(0, axis + 1), x.shape.slice(axis + 1)];
  const column = reshape(x, [...before, 1, ...behind]);
  const repeated = concat(Array.from({ length: times }, () => column), axis + 1);
  return reshape(repeated, [...x.shape.slice(0, axis), x.shape[axis]! * times, ...behind]);
}

/** Sums of elements along an axis, each times its weight. */
export function blendAlong(x: Value, axis: number, taps: readonly Tap[]): Value {
  const shape = (count: number) => x.shape.map((_, other) => other === axis ? count : 1);
  return taps.map(({ positions, weights }) =>
    mul(
      pickAlong(x, axis, positions),
      constant(tensor("float32", shape(weights.length), Float32Array.from(weights))),
    )
  ).reduce((sum, part) => add(sum, part));
}

/**
 * Between two neighbours.
 *
 * @param points places on the axis, whose elements are at 0, 1, …; those outside are moved to its ends
 */
export function linearTaps(points: readonly number[], length: number): Tap[] {
  const inside = points.map((x) => Math.min(length - 1, Math.max(0, x)));
  const low = inside.map(Math.floor);
  const share = inside.map((x, i) => x - low[i]!);
  return [
    { positions: low, weights: share.map((part) => 1 - part) },
    { positions: low.map((at) => Math.min(length - 1, at + 1)), weights: share },
  ];
}

/** Options of `resize2d`. */
export interface ResizeOptions {
  /**
   * "nearest" repeats or skips pixels. "bilinear" blends the two nearest pixels along each axis (default "nearest").
   */
  readonly mode?: "nearest" | "bilinear";
  /**
   * Bilinear only: whether the centres of the corner pixels are aligned, so corners keep their values (default false:
   * the outer edges of the corner pixels are aligned).
   */
  readonly alignCorners?: boolean;
  /**
   * The exact factor from which `size` was rounded: one number or [height, width], like PyTorch's scale_factor (default:
   * the ratio of the lengths).
   */
  readonly scale?: number | Pair;
}

/**
 * Images in another size, [batch, channels, height, width] → [batch, channels, ...size], like PyTorch's F.interpolate
 * without antialiasing; "nearest" of any dtype, "bilinear" of float32.
 *
 * @param size [height, width] of the result, whole numbers from 1
 * @throws FlwrError "invalid-argument" for an array that is no batch of images, and for options that do not go together
 */
export function resize2d(x: Value, size: Pair, options: ResizeOptions = {}): Value {
  const { mode = "nearest", alignCorners = false, scale } = options;
  checkResize(size, options);
  if (x.shape.length !== 4 || (mode === "bilinear" && x.dtype !== "float32")) {
    throw new FlwrError(
      "invalid-argument",
      `The input must have the shape [batch, channels, height, width]${
        mode === "bilinear" ? " and be float32" : ""
      }: got ${x.dtype} ${showShape(x.shape)}`,
    );
  }
  const factors = typeof scale === "number" ? [scale, scale] : scale;
  // The columns first: rows are then repeated as a whole.
  return size.reduceRight((value, target, i) => {
    const axis = i + 2;
    const length = x.shape[axis]!;
    const step = 1 / (factors?.[i] ?? target / length);
    if (mode === "nearest") return nearestAlong(value, axis, target, step);
    const points = Array.from({ length: target }, (_, at) => {
      if (alignCorners) return target === 1 ? 0 : at * (length - 1) / (target - 1);
      return (at + 0.5) * step - 0.5;
    });
    if (points.every((point, at) => point === at) && target === length) return value;
    const weights = blendWeights(linearTaps(points, length), length);
    return axis === 2 ? matmul(weights, value) : matmul(value, transpose(weights));
  }, x);
}

/** What blending does as a matrix [target, length]: a product takes half of the time that it takes to choose elements. */
function blendWeights(taps: readonly Tap[], length: number): Value {
  const target = taps[0]!.positions.length;
  const weights = new Float32Array(target * length);
  for (const tap of taps) {
    tap.positions.forEach((at, i) => weights[i * length + at]! += tap.weights[i]!);
  }
  return constant(tensor("float32", [target, length], weights));
}

const MODES: readonly unknown[] = ["nearest", "bilinear"];

function checkResize(
  size: Pair,
  { mode = "nearest", alignCorners = false, scale = 1 }: ResizeOptions,
): void {
  const factors = [scale].flat();
  const fault = !MODES.includes(mode)
    ? `The mode must be "nearest" or "bilinear": got ${JSON.stringify(mode)}`
    : alignCorners && mode !== "bilinear"
    ? 'alignCorners goes with the mode "bilinear"'
    : size.length !== 2 || !size.every((length) => Number.isSafeInteger(length) && length >= 1)
    ? `The size must be two whole numbers from 1, [height, width]: got ${JSON.stringify(size)}`
    : !factors.every((factor) => factor > 0 && Number.isFinite(factor))
    ? `The scale must be greater than 0: got ${JSON.stringify(scale)}`
    : undefined;
  if (fault !== undefined) throw new FlwrError("invalid-argument", fault);
}

function nearestAlong(x: Value, axis: number, target: number, step: number): Value {
  const length = x.shape[axis]!;
  // PyTorch computes in float32, which decides where a position is nearly a whole number.
  const positions = Array.from(
    { length: target },
    (_, at) => Math.min(length - 1, Math.floor(Math.fround(at * Math.fround(step)))),
  );
  return pickAlong(x, axis, positions);
}
