import { FlwrError } from "../../base/error.ts";
import { gather } from "../graph/indexing.ts";
import { add } from "../graph/elementwise.ts";
import { showShape } from "../graph/shape.ts";
import { normal } from "./initializer.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** How many different tokens there are. */
  readonly tokens: number;
  /** Length of the vector of each. */
  readonly width: number;
}

/**
 * A learned vector for each token: int32 or int64 [batch, …] → float32 [batch, …, width]. Parameter as PyTorch's nn.Embedding:
 * `weight` [tokens, width].
 */
export function embedding(options: EmbeddingOptions): Layer {
  return layer("embedding", (x, scope) => {
    if (x.dtype !== "int32" && x.dtype !== "int64") {
      throw new FlwrError(
        "invalid-argument",
        `The input must be int32 or int64 tokens: got ${x.dtype} ${showShape(x.shape)}`,
        { hints: ['Say { dtype: "int32" } in the model\'s input'] },
      );
    }
    return gather(scope.parameter("weight", [options.tokens, options.width], normal(1)), x);
  }, options);
}

/** Adds a learned vector to each position of [batch, positions, width]; parameter `weight` [positions, width]. */
export function positionEmbedding(options: LayerOptions = {}): Layer {
  return layer(
    "positionEmbedding",
    (x, scope) => add(x, scope.parameter("weight", x.shape.slice(1), normal(0.02))),
    options,
  );
}
