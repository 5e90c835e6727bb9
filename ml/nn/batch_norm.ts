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
  /** Share of the batch's statistics in the running ones (default 0.1). */
  readonly momentum?: number;
}

/** What evaluation normalises with: kept with the parameters, moved by training, by PyTorch's names. */
interface Running {
  readonly mean: Value;
  readonly variance: Value;
  /** Batches seen: int64, and as in PyTorch without influence when the momentum is a number. */
  readonly batches: Value;
}

function runningOf(scope: Scope, channels: number): Running {
  return {
    mean: scope.state("running_mean", [channels], filled(0)),
    variance: scope.state("running_var", [channels], filled(1)),
    batches: scope.state("num_batches_tracked", [], () => zeros("int64", []), "int64"),
  };
}

function track(
  scope: Scope,
  running: Running,
  x: Value,
  { axes, epsilon }: NormalizeOptions,
  momentum: number,
): void {
  const count = elementCount(axes.map((axis) => x.shape[axis]!));
  const mean = reduceMean(x, { axes, keep: true });
  // The variance out of what the batch is normalised with saves a pass over it; single numbers have none.
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
 * Batch normalisation (Ioffe and Szegedy, 2015) of each channel of [batch, channels, …], as PyTorch's BatchNorm1d and
 * BatchNorm2d; the shape stays. Training uses the batch's mean and variance and moves the running ones, evaluation
 * uses those.
 *
 * Parameters `weight`, `bias` [channels]; states `running_mean`, `running_var` [channels] and `num_batches_tracked`
 * (int64 []), which go in and out with the parameters.
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
      track(scope, running, x, { axes, epsilon }, momentum);
      const normal = normalize(x, { axes, epsilon });
      return learned === undefined ? normal : add(mul(normal, learned.scale), learned.shift);
    }
    // All of it is one scale and one shift per channel, which are the same for every batch.
    const mean = reshape(running.mean, perChannel(x));
    const deviation = sqrt(add(reshape(running.variance, perChannel(x)), epsilon));
    const scale = div(learned?.scale ?? 1, deviation);
    return add(mul(x, scale), sub(learned?.shift ?? 0, mul(mean, scale)));
  }, options);
}
