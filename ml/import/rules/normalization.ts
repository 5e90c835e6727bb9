import { FlwrError } from "../../../base/error.ts";
import { elementCount } from "../../../tensor/tensor.ts";
import { add, div, mul, sqrt, sub } from "../../graph/elementwise.ts";
import { reshape } from "../../graph/movement.ts";
import { inverseDeviation, normalize } from "../../graph/normalize.ts";
import { reduceMean } from "../../graph/reduce.ts";
import { normalizeAxis, showShape } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";
import { dropValues } from "../../nn/dropout.ts";
import { requireRange } from "../../nn/optimizer.ts";
import type { NodeCall, Rule } from "../graph/call.ts";

const EPSILON = 1e-5;

/** One number per channel, reshaped to broadcast over [batch, channels, …]. */
function perChannel(x: Value, numbers: Value): Value {
  return reshape(numbers, x.shape.map((length, axis) => axis === 1 ? length : 1));
}

function requireChannels(x: Value): number {
  const channels = x.shape[1];
  if (channels !== undefined) return channels;
  throw new FlwrError(
    "invalid-argument",
    `Its input must be [batch, channels, …]: got ${showShape(x.shape)}`,
  );
}

/**
 * Updates the running statistics as PyTorch does, with the variance divided by n − 1; ONNX's definition divides by n.
 */
function moveStatistics(call: NodeCall, x: Value, axes: readonly number[], epsilon: number): void {
  const [mean, variance] = [call.state(3), call.state(4)];
  const kept = call.float("momentum", 0.9);
  const count = elementCount(axes.map((axis) => x.shape[axis]!));
  const inverse = inverseDeviation(x, { axes, epsilon });
  const spread = mul(sub(div(1, mul(inverse, inverse)), epsilon), count / Math.max(1, count - 1));
  const moved = (old: Value, now: Value) =>
    add(mul(old, kept), mul(reshape(now, old.shape), 1 - kept));
  const center = reduceMean(x, { axes, keep: true });
  if (mean.moves) call.scope.update(mean.value, moved(mean.value, center));
  if (variance.moves) call.scope.update(variance.value, moved(variance.value, spread));
}

function batchNormalization(call: NodeCall): Value {
  const x = call.value(0);
  requireChannels(x);
  const epsilon = call.float("epsilon", EPSILON);
  const [scale, shift] = [perChannel(x, call.value(1)), perChannel(x, call.value(2))];
  const [mean, variance] = [call.state(3), call.state(4)];
  if (call.scope.training && (mean.moves || variance.moves)) {
    const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    moveStatistics(call, x, axes, epsilon);
    return add(mul(normalize(x, { axes, epsilon }), scale), shift);
  }
  const factor = div(scale, sqrt(add(perChannel(x, variance.value), epsilon)));
  return add(mul(x, factor), sub(shift, mul(perChannel(x, mean.value), factor)));
}

function layerNormalization(call: NodeCall): Value[] {
  const x = call.value(0);
  const axis = normalizeAxis(x.shape, call.int("axis", -1));
  const axes = x.shape.map((_, other) => other).slice(axis);
  const over = { axes, epsilon: call.float("epsilon", EPSILON) };
  const scaled = mul(normalize(x, over), call.value(1));
  const shift = call.optional(2);
  const y = shift === undefined ? scaled : add(scaled, shift);
  return [y, reduceMean(x, { axes, keep: true }), inverseDeviation(x, over)];
}

/** x divided by the root of the mean of its squares, times a scale. */
function rootMeanSquare(call: NodeCall): Value {
  const x = call.value(0);
  const axis = normalizeAxis(x.shape, call.int("axis", -1));
  const axes = x.shape.map((_, other) => other).slice(axis);
  const mean = reduceMean(mul(x, x), { axes, keep: true });
  return mul(div(x, sqrt(add(mean, call.float("epsilon", EPSILON)))), call.value(1));
}

function instanceNormalization(call: NodeCall): Value {
  const x = call.value(0);
  requireChannels(x);
  const axes = x.shape.map((_, axis) => axis).slice(2);
  const normal = normalize(x, { axes, epsilon: call.float("epsilon", EPSILON) });
  return add(mul(normal, perChannel(x, call.value(1))), perChannel(x, call.value(2)));
}

/** ONNX's GroupNormalization: one scale and shift per group up to version 20, one per channel from version 21. */
function groupNormalization(call: NodeCall): Value {
  const x = call.value(0);
  const channels = requireChannels(x);
  const groups = call.int("num_groups", 0);
  if (!(groups >= 1) || channels % groups !== 0) {
    call.refuse("num_groups", groups, `a divisor of the ${channels} channels`);
  }
  const width = elementCount(x.shape.slice(1)) / groups;
  const grouped = reshape(x, [x.shape[0]!, groups, width]);
  const normal = normalize(grouped, { axes: [2], epsilon: call.float("epsilon", EPSILON) });
  const [scale, shift] = [call.value(1), call.value(2)];
  const byGroup = call.node.opset < 21;
  const y = byGroup ? normal : reshape(normal, x.shape);
  return reshape(add(mul(y, perChannel(y, scale)), perChannel(y, shift)), x.shape);
}

function dropout(call: NodeCall): Value {
  const ratio = call.number(1) ?? call.float("ratio", 0.5);
  requireRange("ratio of dropout", ratio, 0, 1);
  return dropValues(call.value(0), ratio, call.scope);
}

/** Rules of normalisations and dropout, which behave differently in training. */
export const normalizationRules: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rootMeanSquare,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  Dropout: dropout,
};
