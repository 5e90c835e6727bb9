import { FlwrError } from "../../../base/error.ts";
import { blendAlong, linearTaps, pickAlong, type Tap } from "../../graph/resize.ts";
import { normalizeAxis, showShape } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";
import { requireConstantSize } from "./shapes.ts";

/** The geometry of a resized axis. */
interface Axis {
  readonly length: number;
  readonly target: number;
  /** Ratio of the lengths as the file has it: float32, and not always equal to target / length. */
  readonly scale: number;
  /** Whether the length times the scale is not a whole number. */
  readonly isCut?: boolean;
}

// ONNX Runtime computes positions in float32: between two elements that decides which is the nearest.
const f = Math.fround;

const COORDINATES: Readonly<Record<string, (at: number, axis: Axis) => number>> = {
  half_pixel: (at, { scale }) => f(f(f(at + 0.5) / scale) - 0.5),
  half_pixel_symmetric: (at, { length, target, scale }) => {
    const adjustment = f(target / f(scale * length));
    const offset = f(f(length / 2) * f(1 - adjustment));
    // Here ONNX Runtime rounds only the result to float32.
    return f(offset + (at + 0.5) / scale - 0.5);
  },
  pytorch_half_pixel: (at, { target, scale }) => target > 1 ? f(f(f(at + 0.5) / scale) - 0.5) : 0,
  align_corners: (at, { length, target }) =>
    target === 1 ? 0 : f(f(at * (length - 1)) / (target - 1)),
  asymmetric: (at, { scale }) => f(at / scale),
  tf_half_pixel_for_nn: (at, { scale }) => f(f(at + 0.5) / scale),
};

const NEAREST: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(f(x - 0.5)),
  round_prefer_ceil: (x) => Math.floor(f(x + 0.5)),
  floor: Math.floor,
  ceil: Math.ceil,
};

function positionsOf({ target }: Axis): number[] {
  return Array.from({ length: target }, (_, i) => i);
}

const clamp = (at: number, { length }: Axis) => Math.min(length - 1, Math.max(0, at));

/** The weight of an element at a distance, by Keys' cubic convolution. */
function cubicWeight(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** Interpolation between four neighbours. Those outside are replaced by the outermost elements, or left out. */
function cubicTaps(points: readonly number[], axis: Axis, a: number, excludes: boolean): Tap[] {
  const raw = [-1, 0, 1, 2].map((offset) => {
    const at = points.map((x) => Math.floor(x) + offset);
    const weights = at.map((position, i) => {
      const isOutside = position < 0 || position >= axis.length;
      return excludes && isOutside ? 0 : cubicWeight(points[i]! - position, a);
    });
    return { positions: at.map((position) => clamp(position, axis)), weights };
  });
  if (!excludes) return raw;
  const totals = points.map((_, i) => raw.reduce((sum, { weights }) => sum + weights[i]!, 0));
  return raw.map(({ positions, weights }) => ({
    positions,
    weights: weights.map((weight, i) => weight / totals[i]!),
  }));
}

/** How an operator resizes, with the defaults of its version. */
interface Manner {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
}

function mannerOf(call: NodeCall): Manner {
  const mode = call.string("mode", "nearest");
  // Before version 11 there were no such attributes.
  const isOld = call.node.op === "Upsample" || call.node.opset < 11;
  if (isOld) return { mode, coordinates: "asymmetric", nearest: "floor" };
  return {
    mode,
    coordinates: call.string("coordinate_transformation_mode", "half_pixel"),
    nearest: call.string("nearest_mode", "round_prefer_floor"),
  };
}

function along(call: NodeCall, x: Value, at: number, axis: Axis): Value {
  const { mode, coordinates, nearest } = mannerOf(call);
  const coordinate = COORDINATES[coordinates] ??
    call.refuse("coordinate_transformation_mode", coordinates, Object.keys(COORDINATES).join(", "));
  if (coordinates === "align_corners" && axis.isCut) {
    // ONNX's definition and ONNX Runtime then have different results.
    call.refuse(
      "coordinate_transformation_mode",
      coordinates,
      "another one, because the scaled length is not a whole number",
    );
  }
  const points = positionsOf(axis).map((i) => coordinate(i, axis));
  if (mode === "nearest") {
    const round = NEAREST[nearest] ??
      call.refuse("nearest_mode", nearest, Object.keys(NEAREST).join(", "));
    return pickAlong(x, at, points.map((point) => clamp(round(point), axis)));
  }
  if (x.dtype !== "float32") call.refuse("mode", mode, `nearest for numbers of type ${x.dtype}`);
  if (call.int("antialias", 0) !== 0 && axis.scale < 1) call.refuse("antialias", 1, "0");
  if (mode === "linear" || mode === "bilinear") {
    return blendAlong(x, at, linearTaps(points, axis.length));
  }
  if (mode !== "cubic") call.refuse("mode", mode, "nearest, linear or cubic");
  const excludes = call.int("exclude_outside", 0) !== 0;
  return blendAlong(x, at, cubicTaps(points, axis, call.float("cubic_coeff_a", -0.75), excludes));
}

/** The axes with their new lengths, computed from scales or sizes. */
function axesOf(call: NodeCall, x: Value, named: readonly number[]): Axis[] {
  const old = call.node.op === "Upsample" || call.node.opset < 11;
  const scales = old ? call.floats("scales") ?? call.numbers(1) : call.listed(2);
  if (scales !== undefined && scales.length > 0) {
    requirePairs(x, named, scales);
    return named.map((axis, i) => {
      const [length, scale] = [x.shape[axis]!, f(scales[i]!)];
      const target = Math.floor(f(length * scale));
      return { length, scale, target, isCut: target !== f(length * scale) };
    });
  }
  const sizes = call.listed(3) ?? [];
  requirePairs(x, named, sizes);
  const { fixed, now } = call.batch;
  const targets = sizes.map((size, i) => named[i] === 0 && size === fixed ? now : size);
  const policy = call.string("keep_aspect_ratio_policy", "stretch");
  const ratios = named.map((axis, i) => targets[i]! / x.shape[axis]!);
  if (policy === "stretch") {
    return named.map((axis, i) => ({
      length: x.shape[axis]!,
      target: targets[i]!,
      scale: f(ratios[i]!),
    }));
  }
  if (policy !== "not_larger" && policy !== "not_smaller") {
    call.refuse("keep_aspect_ratio_policy", policy, "stretch, not_larger or not_smaller");
  }
  const scale = f((policy === "not_larger" ? Math.min : Math.max)(...ratios));
  return named.map((axis) => {
    const length = x.shape[axis]!;
    return { length, scale, target: Math.floor(f(length * scale) + 0.5) };
  });
}

function requirePairs(x: Value, axes: readonly number[], numbers: readonly number[]): void {
  const wrong = numbers.some((n) => !(n > 0) || !Number.isFinite(n));
  if (numbers.length === axes.length && !wrong) return;
  throw new FlwrError(
    "invalid-argument",
    `Scales or sizes [${numbers}] do not match ${axes.length} axes of ${showShape(x.shape)}`,
  );
}

function resized(call: NodeCall): Value {
  const x = call.value(0);
  const named = call.ints("axes")?.map((axis) => normalizeAxis(x.shape, axis)) ??
    x.shape.map((_, axis) => axis);
  const axes = axesOf(call, x, named);
  return axes.reduce((value, axis, i) => {
    if (axis.target === axis.length && axis.scale === 1) return value;
    if (named[i] === 0 && x.shape.length > 2) {
      throw new FlwrError("unimplemented", `The batch of ${showShape(x.shape)} cannot be resized`);
    }
    requireConstantSize([axis.target]);
    return along(call, value, named[i]!, axis);
  }, x);
}

/** Rules of resizing. */
export const resizeRules: Readonly<Record<string, Rule>> = { Resize: resized, Upsample: resized };
