import { FlwrError } from "../../../base/error.ts";
import { tensor } from "../../../tensor/tensor.ts";
import {
  abs,
  add,
  div,
  equal,
  mul,
  neg,
  sigmoid,
  softplus,
  sqrt,
  sub,
  where,
} from "../../graph/elementwise.ts";
import { matmul } from "../../graph/linear.ts";
import { transpose } from "../../graph/movement.ts";
import { reduceMax, reduceSum, softmax } from "../../graph/reduce.ts";
import { showShape } from "../../graph/shape.ts";
import { constant, type Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";

function featuresOf(x: Value): number {
  const [, features] = x.shape;
  if (x.shape.length === 2 && features !== undefined && features > 0) return features;
  throw new FlwrError(
    "invalid-argument",
    `Its input must be [batch, features]: got ${showShape(x.shape)}`,
  );
}

/** x Wᵀ + b with W and b from attributes. They become the parameters `<node>.coefficients` and `<node>.intercepts`. */
function affine(call: NodeCall, x: Value, rows: number): Value {
  const features = featuresOf(x);
  const coefficients = call.floats("coefficients") ?? [];
  const intercepts = call.floats("intercepts") ?? new Array<number>(rows).fill(0);
  if (coefficients.length !== rows * features || intercepts.length !== rows) {
    throw new FlwrError(
      "unimplemented",
      `Its ${coefficients.length} coefficients and ${intercepts.length} intercepts are not ` +
        `[${rows}, ${features}] and [${rows}]`,
    );
  }
  const weight = call.parameter(
    "coefficients",
    tensor("float32", [rows, features], Float32Array.from(coefficients)),
  );
  const bias = call.parameter(
    "intercepts",
    tensor("float32", [rows], Float32Array.from(intercepts)),
  );
  return add(matmul(x, transpose(weight)), bias);
}

/** Whether there are two rows that are each other's negative, as exporters write binary classifiers. */
function isMirrored(coefficients: readonly number[]): boolean {
  const half = coefficients.length / 2;
  return coefficients.slice(0, half).every((number, i) => coefficients[half + i] === -number);
}

function transformed(call: NodeCall, scores: Value): Value {
  const kind = call.string("post_transform", "NONE");
  if (kind === "NONE") return scores;
  if (kind === "SOFTMAX") return softmax(scores);
  if (kind === "LOGISTIC") {
    // [σ(−z), σ(z)] is softmax([−z, z] / 2). In that form, cross-entropy finds the logits.
    const isPair = scores.shape.at(-1) === 2 && isMirrored(call.floats("coefficients") ?? []);
    return isPair ? softmax(mul(scores, 0.5)) : sigmoid(scores);
  }
  return call.refuse("post_transform", kind, "NONE, SOFTMAX or LOGISTIC");
}

/** Returns the scores of the classes. The label, the first output, is not used in training. */
function classify(call: NodeCall): (Value | undefined)[] {
  const x = call.value(0);
  const { attributes } = call.node;
  const strings = attributes.get("classlabels_strings");
  const labels = call.ints("classlabels_ints")?.length ??
    (strings?.kind === "strings" ? strings.value.length : 0);
  return [undefined, transformed(call, affine(call, x, labels))];
}

/** An attribute of one number per feature, or one for all features. */
function perFeature(call: NodeCall, name: string, x: Value, fallback: number): Value {
  const features = featuresOf(x);
  const given = call.floats(name) ?? [fallback];
  if (given.length !== 1 && given.length !== features) {
    call.refuse(name, given.length, `1 or ${features} numbers`);
  }
  return constant(tensor("float32", [given.length], Float32Array.from(given)));
}

/** Divides rows by their norm. For the result of a classifier it is written as a softmax, whose logits are known. */
function normalized(call: NodeCall): Value {
  const x = call.value(0);
  featuresOf(x);
  const over = { axes: [1], keep: true };
  const norm = call.string("norm", "MAX");
  // Rows of zeros stay unchanged.
  const byNorm = (length: Value) => div(x, where(equal(length, 0), 1, length));
  if (norm === "L2") return byNorm(sqrt(reduceSum(mul(x, x), over)));
  if (norm === "MAX") return byNorm(reduceMax(x, over));
  if (norm !== "L1") call.refuse("norm", norm, "L1, L2 or MAX");
  if (x.primitive === "softmax") return x;
  // σ(z) = e^−softplus(−z), so dividing by the sum is a softmax.
  if (x.primitive === "sigmoid") return softmax(neg(softplus(neg(x.inputs[0]!))));
  return byNorm(reduceSum(abs(x), over));
}

/** Rules of operators of classical machine learning, as scikit-learn's exporter writes them. */
export const classicRules: Readonly<Record<string, Rule>> = {
  "ai.onnx.ml.LinearClassifier": classify,
  "ai.onnx.ml.LinearRegressor": (call) =>
    transformed(call, affine(call, call.value(0), call.int("targets", 1))),
  "ai.onnx.ml.Normalizer": normalized,
  "ai.onnx.ml.Scaler": (call) => {
    const x = call.value(0);
    return mul(sub(x, perFeature(call, "offset", x, 0)), perFeature(call, "scale", x, 1));
  },
};
