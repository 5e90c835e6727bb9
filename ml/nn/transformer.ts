import { add } from "../graph/elementwise.ts";
import { relu } from "../graph/elementwise.ts";
import type { Value } from "../graph/value.ts";
import { selfAttention } from "./attention.ts";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";
import { applyLayer, type Layer, layer, type LayerOptions } from "./layer.ts";
import { layerNorm } from "./normalization.ts";

/** Options of {@link transformerEncoder}. */
export interface TransformerEncoderOptions extends LayerOptions {
  readonly heads: number;
  /** Width between the two dense layers. */
  readonly feedForward: number;
  /** Probability of dropout (default 0). */
  readonly dropout?: number;
  /** Whether a position sees only itself and those before it (default false). */
  readonly causal?: boolean;
  /** Whether normalisation comes before attention and dense layers instead of after (default false). */
  readonly normFirst?: boolean;
}

/**
 * One layer of a transformer's encoder (Vaswani et al., 2017) over [batch, length, width], with the names of PyTorch's
 * nn.TransformerEncoderLayer: self_attn, linear1, linear2, norm1, norm2.
 */
export function transformerEncoder(options: TransformerEncoderOptions): Layer {
  const { heads, causal, feedForward, normFirst = false } = options;
  return layer("transformerEncoder", (x, scope) => {
    const part = (name: string, inner: Layer) => (value: Value) =>
      applyLayer(inner, value, scope.within(name));
    const drop = (name: string) => part(name, dropout(options.dropout ?? 0));
    const attend = part("self_attn", selfAttention({ heads, causal }));
    const widen = part("linear1", dense({ out: feedForward }));
    const narrow = part("linear2", dense({ out: x.shape.at(-1)! }));
    const [norm1, norm2] = [part("norm1", layerNorm()), part("norm2", layerNorm())];
    const first = (value: Value) => drop("dropout1")(attend(value));
    const second = (value: Value) => drop("dropout2")(narrow(drop("dropout")(relu(widen(value)))));
    if (normFirst) {
      const middle = add(x, first(norm1(x)));
      return add(middle, second(norm2(middle)));
    }
    const middle = norm1(add(x, first(x)));
    return norm2(add(middle, second(middle)));
  }, options);
}
