import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { add, mul } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { reshape, slice, transpose } from "../graph/movement.ts";
import { softmax } from "../graph/reduce.ts";
import { showShape } from "../graph/shape.ts";
import { constant, type Value } from "../graph/value.ts";
import { affine } from "./dense.ts";
import { fanInUniform, filled, uniform } from "./initializer.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link selfAttention}. */
export interface SelfAttentionOptions extends LayerOptions {
  /** Heads that the width is split among. */
  readonly heads: number;
  /** Whether a position sees only itself and those before it (default false). */
  readonly causal?: boolean;
}

/** Added to what must not be seen: e to its power is 0 in float32. */
const HIDDEN = -1e9;

function causalMask(length: number): Value {
  const data = Float32Array.from(
    { length: length * length },
    (_, i) => i % length > Math.floor(i / length) ? HIDDEN : 0,
  );
  return constant(tensor("float32", [length, length], data));
}

/**
 * Multi-head self-attention (Vaswani et al., 2017) over [batch, length, width]. Parameters as PyTorch's
 * nn.MultiheadAttention: `in_proj_weight`, `in_proj_bias`, `out_proj.weight`, `out_proj.bias`.
 */
export function selfAttention(options: SelfAttentionOptions): Layer {
  const { heads } = options;
  return layer("selfAttention", (x, scope) => {
    const [batch, length, width] = x.shape as [number, number, number];
    if (x.shape.length !== 3 || width % heads !== 0) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, length, width] with a width in ${heads} heads: ` +
          `got ${showShape(x.shape)}`,
      );
    }
    const depth = width / heads;
    const weight = scope.parameter(
      "in_proj_weight",
      [3 * width, width],
      uniform(Math.sqrt(6 / (4 * width))), // Xavier's, as PyTorch has it here.
    );
    const bias = scope.parameter("in_proj_bias", [3 * width], filled(0));
    const projected = reshape(affine(x, weight, bias), [batch, length, 3, heads, depth]);
    const parts = transpose(projected, [2, 0, 3, 1, 4]);
    const [query, key, value] = [0, 1, 2].map((part) =>
      reshape(
        slice(parts, [part, 0, 0, 0, 0], [part + 1, batch, heads, length, depth]),
        [batch, heads, length, depth],
      )
    ) as [Value, Value, Value];
    const scores = mul(matmul(query, transpose(key, [0, 1, 3, 2])), 1 / Math.sqrt(depth));
    const seen = options.causal ? add(scores, causalMask(length)) : scores;
    const mixed = transpose(matmul(softmax(seen), value), [0, 2, 1, 3]);
    const output = scope.within("out_proj");
    return affine(
      reshape(mixed, [batch, length, width]),
      output.parameter("weight", [width, width], fanInUniform(width)),
      output.parameter("bias", [width], filled(0)),
    );
  }, options);
}
