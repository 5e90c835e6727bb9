import { FlwrError } from "../../base/error.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { add, div, mul, sqrt, sub } from "../graph/elementwise.ts";
import { reshape } from "../graph/movement.ts";
import { reduceMean } from "../graph/reduce.ts";
import { showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { filled } from "./initializer.ts";
import { type Layer, layer, type LayerOptions, type Scope } from "./layer.ts";

/** Options of the normalising layers. */
export interface NormOptions extends LayerOptions {
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Whether there are a weight and a bias to learn (default true). */
  readonly affine?: boolean;
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends NormOptions {
  /** Share of the batch's statistics in the running ones (default 0.1). */
  readonly momentum?: number;
}

interface Moments {
  readonly mean: Value;
  readonly variance: Value;
  readonly centred: Value;
}

function momentsOf(x: Value, axes: readonly number[]): Moments {
  const mean = reduceMean(x, { axes, keep: true });
  const centred = sub(x, mean);
  return { mean, centred, variance: reduceMean(mul(centred, centred), { axes, keep: true }) };
}

/** Learned scale and shift of given shape, stretched over x as `view`. */
function scaleAndShift(
  x: Value,
  scope: Scope,
  shape: readonly number[],
  view: readonly number[],
  affine = true,
): Value {
  if (!affine) return x;
  const weight = reshape(scope.parameter("weight", shape, filled(1)), view);
  return add(mul(x, weight), reshape(scope.parameter("bias", shape, filled(0)), view));
}

/**
 * Batch normalisation (Ioffe and Szegedy, 2015) over each channel of [batch, channels, …], as PyTorch's
 * BatchNorm1d/2d: training uses the batch's mean and variance and moves `running_mean` and `running_var`, evaluation
 * uses those. PyTorch's counter `num_batches_tracked` has no influence and is not kept.
 */
export function batchNorm(options: BatchNormOptions = {}): Layer {
  const { epsilon = 1e-5, momentum = 0.1, affine } = options;
  return layer("batchNorm", (x, scope) => {
    if (x.shape.length < 2) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, channels, …]: got ${showShape(x.shape)}`,
      );
    }
    const channels = x.shape[1]!;
    const view = x.shape.map((_, axis) => axis === 1 ? channels : 1);
    const runningMean = scope.state("running_mean", [channels], filled(0));
    const runningVariance = scope.state("running_var", [channels], filled(1));
    let normal: Value;
    if (scope.training) {
      const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
      const { mean, variance, centred } = momentsOf(x, axes);
      const count = elementCount(x.shape) / channels;
      const unbiased = mul(variance, count / Math.max(1, count - 1));
      const moved = (old: Value, now: Value) =>
        add(mul(old, 1 - momentum), mul(reshape(now, [channels]), momentum));
      scope.update(runningMean, moved(runningMean, mean));
      scope.update(runningVariance, moved(runningVariance, unbiased));
      normal = div(centred, sqrt(add(variance, epsilon)));
    } else {
      const deviation = sqrt(add(reshape(runningVariance, view), epsilon));
      normal = div(sub(x, reshape(runningMean, view)), deviation);
    }
    return scaleAndShift(normal, scope, [channels], view, affine);
  }, options);
}

/** Layer normalisation (Ba et al., 2016) over the last axis, as PyTorch's LayerNorm of one axis. */
export function layerNorm(options: NormOptions = {}): Layer {
  return layer("layerNorm", (x, scope) => {
    const { centred, variance } = momentsOf(x, [x.shape.length - 1]);
    const normal = div(centred, sqrt(add(variance, options.epsilon ?? 1e-5)));
    const shape = [x.shape.at(-1)!];
    return scaleAndShift(normal, scope, shape, shape, options.affine);
  }, options);
}

/**
 * Group normalisation (Wu and He, 2018) of [batch, channels, …], as PyTorch's GroupNorm.
 *
 * @param groups groups that the channels are split into
 */
export function groupNorm(groups: number, options: NormOptions = {}): Layer {
  return layer("groupNorm", (x, scope) => {
    const [batch, channels] = x.shape as [number, number];
    if (x.shape.length < 2 || channels % groups !== 0) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, channels, …] with channels in ${groups} groups: ` +
          `got ${showShape(x.shape)}`,
      );
    }
    const { centred, variance } = momentsOf(reshape(x, [batch, groups, -1]), [2]);
    const normal = div(centred, sqrt(add(variance, options.epsilon ?? 1e-5)));
    const view = x.shape.map((_, axis) => axis === 1 ? channels : 1);
    return scaleAndShift(reshape(normal, x.shape), scope, [channels], view, options.affine);
  }, options);
}
