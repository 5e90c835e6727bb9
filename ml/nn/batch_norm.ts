import { FlwrError } from "../../base/error.ts";
import { elementCount, zeros } from "../../tensor/tensor.ts";
import { add, div, fill, mul, sqrt, sub } from "../graph/elementwise.ts";
import { reshape } from "../graph/movement.ts";
import { inverseDeviation, normalize, type NormalizeOptions } from "../graph/normalize.ts";
import { reduceMean } from "../graph/reduce.ts";
import { showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { filled } from "./initializer.ts";
import { type Layer, layer, type Scope } from "./layer.ts";
import { DEFAULT_EPSILON, type NormOptions, perChannel, scaleAndShift } from "./normalization.ts";

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends NormOptions {
  /** Share of the batch's statistics in each update of the running ones, from 0 to 1 (default 0.1). */
  readonly momentum?: number;
}

/** The running statistics that evaluation normalises with, under PyTorch's names. Training updates them. */
interface Running {
  readonly mean: Value;
  readonly variance: Value;
  /** Number of batches seen: int64. As in PyTorch, it has no influence if the momentum is a number. */
  readonly batches: Value;
}

function runningOf(scope: Scope, channels: number): Running {
  return {
    mean: scope.state("running_mean", [channels], filled(0)),
    variance: scope.state("running_var", [channels], filled(1)),
    batches: scope.state("num_batches_tracked", [], () => zeros("int64", []), "int64"),
  };
}

function updateRunningStatistics(
  scope: Scope,
  running: Running,
  x: Value,
  { axes, epsilon }: NormalizeOptions,
  momentum: number,
): void {
  const count = elementCount(axes.map((axis) => x.shape[axis]!));
  const mean = reduceMean(x, { axes, keep: true });
  // Computing the variance from the inverse deviation saves a pass over x. Single numbers have no variance.
  const inverse = inverseDeviation(x, { axes, epsilon });
  const variance = sub(div(1, mul(inverse, inverse)), epsilon);
  const unbiased = mul(variance, count / Math.max(1, count - 1));
  const moved = (old: Value, now: Value) =>
    add(mul(old, 1 - momentum), mul(reshape(now, old.shape), momentum));
  scope.update(running.mean, moved(running.mean, mean));
  scope.update(running.variance, moved(running.variance, unbiased));
  scope.update(running.batches, add(running.batches, fill(1, "int64")));
}

/**
 * Batch normalisation (Ioffe and Szegedy, 2015) per channel: float32 [batch, channels, …] → the same, like PyTorch's
 * BatchNorm1d and BatchNorm2d. Training normalises by the batch's mean and variance and updates the running ones;
 * evaluation normalises by the running ones.
 *
 * Parameters `weight`, `bias` [channels]; states `running_mean`, `running_var` [channels] and `num_batches_tracked`
 * (int64 []). The states are sent and received with the parameters.
 */
export function batchNorm(options: BatchNormOptions = {}): Layer {
  const { epsilon = DEFAULT_EPSILON, momentum = 0.1, affine = true } = options;
  return layer("batchNorm", (x, scope) => {
    const channels = x.shape[1];
    if (channels === undefined) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, channels, …]: got ${showShape(x.shape)}`,
      );
    }
    const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    const learned = affine ? scaleAndShift(scope, [channels], perChannel(x)) : undefined;
    const running = runningOf(scope, channels);
    if (scope.training) {
      updateRunningStatistics(scope, running, x, { axes, epsilon }, momentum);
      const normal = normalize(x, { axes, epsilon });
      return learned === undefined ? normal : add(mul(normal, learned.scale), learned.shift);
    }
    // In evaluation it is one scale and one shift per channel, the same for each batch.
    const mean = reshape(running.mean, perChannel(x));
    const deviation = sqrt(add(reshape(running.variance, perChannel(x)), epsilon));
    const scale = div(learned?.scale ?? 1, deviation);
    return add(mul(x, scale), sub(learned?.shift ?? 0, mul(mean, scale)));
  }, options);
}
