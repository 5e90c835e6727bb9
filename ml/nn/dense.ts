import { FlwrError } from "../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../base/option_names.ts";
import { add } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { reshape, transpose } from "../graph/movement.ts";
import { showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { fanInUniform } from "./initializer.ts";
import { type Initializer, type Layer, layer, type LayerOptions } from "./layer.ts";
import { requireLength } from "./lengths.ts";

const NAMES: OptionNames<DenseOptions> = {
  in: true,
  out: true,
  bias: true,
  initializer: true,
  name: true,
};
/** The names in PyTorch and Keras. */
const ELSEWHERE = {
  in_features: "Write it as in",
  out_features: "Write it as out",
  units: "Write it as out",
  useBias: "Write it as bias",
  activation: "Put the activation after it as a layer of its own, such as relu()",
};

/** Options of {@link dense}. */
export interface DenseOptions extends LayerOptions {
  /** Length of the input's last axis (default: whatever it is). */
  readonly in?: number;
  /** Length of the output's last axis. */
  readonly out: number;
  /** Whether a bias is added (default true). */
  readonly bias?: boolean;
  /** First values of the weight (default: PyTorch's, uniform within ±1/√in). */
  readonly initializer?: Initializer;
}

/**
 * x Wᵀ + b over the last axis: x [batch, …, in], weight [out, in], bias [out]. All rows go into one matrix product, so
 * that the gradient of the weight is one too.
 */
export function affine(x: Value, weight: Value, bias?: Value): Value {
  const [out, width] = weight.shape as [number, number];
  const product = matmul(reshape(x, [-1, width]), transpose(weight));
  const sum = bias === undefined ? product : add(product, bias);
  return reshape(sum, [...x.shape.slice(0, -1), out]);
}

/**
 * x Wᵀ + b over the last axis: float32 [batch, …, in] → [batch, …, out]. Parameters as PyTorch's nn.Linear: `weight`
 * [out, in], `bias` [out].
 */
export function dense(options: DenseOptions): Layer {
  checkOptionNames("dense", options, NAMES, ELSEWHERE);
  requireLength("dense", "out", options.out);
  if (options.in !== undefined) requireLength("dense", "in", options.in);
  return layer("dense", (x, scope) => {
    const length = x.shape.at(-1);
    const width = options.in ?? length;
    if (x.shape.length < 2 || width === undefined || length !== width) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, …, ${width}]: got ${showShape(x.shape)}`,
        { hints: x.shape.length > 2 ? ["Put flatten() before it"] : [] },
      );
    }
    const weight = scope.parameter(
      "weight",
      [options.out, width],
      options.initializer ?? fanInUniform(width),
    );
    if (options.bias === false) return affine(x, weight);
    return affine(x, weight, scope.parameter("bias", [options.out], fanInUniform(width)));
  }, options);
}
