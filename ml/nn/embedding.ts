import { FlwrError } from "../../base/error.ts";
import { gather } from "../graph/indexing.ts";
import { add } from "../graph/elementwise.ts";
import { showShape } from "../graph/shape.ts";
import { normal } from "./initializer.ts";
import { type Initializer, type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** How many different tokens there are. */
  readonly tokens: number;
  /** Length of the vector of each. */
  readonly width: number;
  /** First values of the vectors (default: PyTorch's, normal with deviation 1). */
  readonly initializer?: Initializer;
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
    const shape = [options.tokens, options.width];
    return gather(scope.parameter("weight", shape, options.initializer ?? normal(1)), x);
  }, options);
}

/** Options of {@link positionEmbedding}. */
export interface PositionEmbeddingOptions extends LayerOptions {
  /** First values of the vectors (default: as those of {@link embedding}). */
  readonly initializer?: Initializer;
}

/**
 * Adds a learned vector to each position: float32 [batch, positions, width] → the same. Parameter `weight`
 * [positions, width].
 */
export function positionEmbedding(options: PositionEmbeddingOptions = {}): Layer {
  const initializer = options.initializer ?? normal(1);
  return layer(
    "positionEmbedding",
    (x, scope) => add(x, scope.parameter("weight", x.shape.slice(1), initializer)),
    options,
  );
}
