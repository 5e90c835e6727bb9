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
/** Hints for names of PyTorch and Keras. */
const ELSEWHERE = {
  in_features: "Use the option in",
  out_features: "Use the option out",
  units: "Use the option out",
  useBias: "Use the option bias",
  activation: "Add the activation as a separate layer after it, such as relu()",
};

/** Options of {@link dense}. */
export interface DenseOptions extends LayerOptions {
  /** Length of the input's last axis (default: as in the input). */
  readonly in?: number;
  /** Length of the output's last axis. */
  readonly out: number;
  /** Whether a bias is added (default true). */
  readonly bias?: boolean;
  /** Initial weights (default: PyTorch's, uniform within ±1/√in). */
  readonly initializer?: Initializer;
}

/**
 * x Wᵀ + b over the last axis: x [batch, …, in], weight [out, in], bias [out]. All rows go into one matrix product, so
 * the gradient of the weight is one product too.
 */
export function affine(x: Value, weight: Value, bias?: Value): Value {
  const [out, width] = weight.shape as [number, number];
  const product = matmul(reshape(x, [-1, width]), transpose(weight));
  const sum = bias === undefined ? product : add(product, bias);
  return reshape(sum, [...x.shape.slice(0, -1), out]);
}

/**
 * Dense (fully connected) layer, x Wᵀ + b over the last axis: float32 [batch, …, in] → [batch, …, out]. Parameters as
 * in PyTorch's nn.Linear: `weight` [out, in], `bias` [out].
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
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
