import { FlwrError } from "../../base/error.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { normalize } from "../graph/normalize.ts";
import { add, mul } from "../graph/elementwise.ts";
import { reshape } from "../graph/movement.ts";
import { sameShape, showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { filled } from "./initializer.ts";
import { type Layer, layer, type LayerOptions, type Scope } from "./layer.ts";

/** Options of the normalising layers. */
export interface NormOptions extends LayerOptions {
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Whether the layer has a trained weight and bias (default true). */
  readonly affine?: boolean;
}

/** Added to variances by default, as in PyTorch. */
export const DEFAULT_EPSILON = 1e-5;

/** Factor and addend for normalised numbers. */
export interface ScaleAndShift {
  readonly scale: Value;
  readonly shift: Value;
}

/** The parameters `weight` and `bias` of a shape, reshaped to `view` so that they broadcast over an array. */
export function scaleAndShift(
  scope: Scope,
  shape: readonly number[],
  view: readonly number[],
): ScaleAndShift {
  return {
    scale: reshape(scope.parameter("weight", shape, filled(1)), view),
    shift: reshape(scope.parameter("bias", shape, filled(0)), view),
  };
}

/** The shape in which one number per channel broadcasts over [batch, channels, …]. */
export function perChannel({ shape }: Value): number[] {
  return shape.map((length, axis) => axis === 1 ? length : 1);
}

/** Options of {@link layerNorm}. */
export interface LayerNormOptions extends NormOptions {
  /** Lengths of the last axes, over which the layer normalises (default: the last axis only). */
  readonly shape?: readonly number[];
}

/**
 * Layer normalisation (Ba et al., 2016) over the last axes: float32 [batch, …] → the same, like PyTorch's LayerNorm.
 * Parameters `weight` and `bias` have the shape of these axes.
 */
export function layerNorm(options: LayerNormOptions = {}): Layer {
  return layer("layerNorm", (x, scope) => {
    const shape = options.shape ?? x.shape.slice(-1);
    const axes = x.shape.map((_, axis) => axis).slice(x.shape.length - shape.length);
    if (x.shape.length <= shape.length || !sameShape(x.shape.slice(axes[0]), shape)) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, …, ${shape.join(", ")}]: got ${showShape(x.shape)}`,
      );
    }
    const normal = normalize(x, { axes, epsilon: options.epsilon ?? DEFAULT_EPSILON });
    if (options.affine === false) return normal;
    const { scale, shift } = scaleAndShift(scope, shape, shape);
    return add(mul(normal, scale), shift);
  }, options);
}

/**
 * Group normalisation (Wu and He, 2018): float32 [batch, channels, …] → the same, like PyTorch's GroupNorm. Parameters
 * `weight` and `bias` [channels].
 *
 * @param groups number of groups of channels; must divide the channels
 */
export function groupNorm(groups: number, options: NormOptions = {}): Layer {
  return layer("groupNorm", (x, scope) => {
    const [batch, channels] = x.shape;
    if (channels === undefined || channels % groups !== 0) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, channels, …] with channels in ${groups} groups: ` +
          `got ${showShape(x.shape)}`,
      );
    }
    const grouped = reshape(x, [batch!, groups, elementCount(x.shape.slice(1)) / groups]);
    const epsilon = options.epsilon ?? DEFAULT_EPSILON;
    const normal = reshape(normalize(grouped, { axes: [2], epsilon }), x.shape);
    if (options.affine === false) return normal;
    const { scale, shift } = scaleAndShift(scope, [channels], perChannel(x));
    return add(mul(normal, scale), shift);
  }, options);
}
