import { add } from "../graph/elementwise.ts";
import type { Value } from "../graph/value.ts";
import { relu } from "./activation.ts";
import { type AttentionMasks, multiHeadAttention } from "./attention.ts";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";
import { layerNorm } from "./normalization.ts";

/** Options of {@link transformerEncoder}. */
export interface TransformerEncoderOptions extends LayerOptions, AttentionMasks {
  /** Number of heads that the width is divided among; must divide the width. */
  readonly heads: number;
  /** Width between the two dense layers. */
  readonly feedForward: number;
  /** Probability of dropout, from 0 to below 1 (default 0.1, as in PyTorch). */
  readonly dropout?: number;
  /** Activation between the two dense layers (default relu()). */
  readonly activation?: Layer;
  /** Whether normalisation comes before attention and dense layers instead of after them (default false). */
  readonly normFirst?: boolean;
}

/**
 * One encoder layer of a transformer (Vaswani et al., 2017): float32 [batch, length, width] → the same. Parameters as
 * in PyTorch's nn.TransformerEncoderLayer: those of self_attn, linear1, linear2, norm1, norm2.
 */
export function transformerEncoder(options: TransformerEncoderOptions): Layer {
  const { heads, causal, mask, feedForward, normFirst = false } = options;
  const probability = options.dropout ?? 0.1;
  return layer("transformerEncoder", (x, scope) => {
    scope.order(["self_attn", "linear1", "linear2", "norm1", "norm2"]);
    const through = (...parts: Layer[]) => (value: Value) =>
      parts.reduce((result, part) => scope.apply(part, result), value);
    const drop = (name: string) => dropout(probability, { name });
    const attention = multiHeadAttention({
      name: "self_attn",
      heads,
      causal,
      mask,
      dropout: probability,
    });
    const first = through(attention, drop("dropout1"));
    const second = through(
      dense({ name: "linear1", out: feedForward }),
      options.activation ?? relu(),
      drop("dropout"),
      dense({ name: "linear2", out: x.shape.at(-1)! }),
      drop("dropout2"),
    );
    const norms = [layerNorm({ name: "norm1" }), layerNorm({ name: "norm2" })];
    const [norm1, norm2] = norms.map((norm) => through(norm)) as [typeof first, typeof first];
    if (normFirst) {
      const middle = add(x, first(norm1(x)));
      return add(middle, second(norm2(middle)));
    }
    const middle = norm1(add(x, first(x)));
    return norm2(add(middle, second(middle)));
  }, options);
}
