import { FlwrError } from "../../base/error.ts";
import { add } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { transpose } from "../graph/movement.ts";
import { showShape } from "../graph/shape.ts";
import { fanInUniform } from "./initializer.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link dense}. */
export interface DenseOptions extends LayerOptions {
  /** Length of the input's last axis (default: whatever it is). */
  readonly in?: number;
  /** Length of the output's last axis. */
  readonly out: number;
  /** Whether a bias is added (default true). */
  readonly bias?: boolean;
}

/**
 * x Wᵀ + b over the last axis: [batch, …, in] → [batch, …, out]. Parameters as PyTorch's nn.Linear: `weight`
 * [out, in], `bias` [out].
 */
export function dense(options: DenseOptions): Layer {
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
    const weight = scope.parameter("weight", [options.out, width], fanInUniform(width));
    const product = matmul(x, transpose(weight));
    if (options.bias === false) return product;
    return add(product, scope.parameter("bias", [options.out], fanInUniform(width)));
  }, options);
}
