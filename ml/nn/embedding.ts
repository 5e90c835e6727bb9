import { FlwrError } from "../../base/error.ts";
import { gather } from "../graph/indexing.ts";
import { add } from "../graph/elementwise.ts";
import { showShape } from "../graph/shape.ts";
import { normal } from "./initializer.ts";
import { type Initializer, type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** Number of different tokens: tokens are 0 to `tokens` − 1. */
  readonly tokens: number;
  /** Length of each token's vector. */
  readonly width: number;
  /** Initial vectors (default: PyTorch's, normal with deviation 1). */
  readonly initializer?: Initializer;
}

/**
 * A trained vector for each token: int32 or int64 [batch, …] → float32 [batch, …, width]. Parameter as in PyTorch's
 * nn.Embedding: `weight` [tokens, width].
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
    const shape = [options.tokens, options.width];
    return gather(scope.parameter("weight", shape, options.initializer ?? normal(1)), x);
  }, options);
}

/** Options of {@link positionEmbedding}. */
export interface PositionEmbeddingOptions extends LayerOptions {
  /** Initial vectors (default: as in {@link embedding}). */
  readonly initializer?: Initializer;
}

/**
 * Adds a trained vector to each position: float32 [batch, positions, width] → the same. Parameter `weight` [positions,
 * width].
 */
export function positionEmbedding(options: PositionEmbeddingOptions = {}): Layer {
  const initializer = options.initializer ?? normal(1);
  return layer(
    "positionEmbedding",
    (x, scope) => add(x, scope.parameter("weight", x.shape.slice(1), initializer)),
    options,
  );
}
