import { tensor } from "../../../tensor/tensor.ts";
import type { Dataset } from "../../../tensor/dataset.ts";
import { relu } from "../../nn/activation.ts";
import { dense } from "../../nn/dense.ts";
import { crossEntropy } from "../../nn/loss.ts";
import { sequential } from "../../nn/sequential.ts";
import { sgd } from "../../nn/sgd.ts";
import { LocalEngine } from "../../session/local_engine.ts";
import { Model } from "../model.ts";
import type { ModelOptions } from "../model_options.ts";

/** Points in the plane; the class is the side of a line, or the opposite side if `wrong`. */
export function points(count: number, first = 0, wrong = false): Dataset {
  const x = Float32Array.from({ length: 2 * count }, (_, i) => Math.sin((i + 2 * first) * 12.9898));
  const y = Uint8Array.from(
    { length: count },
    (_, i) => Number((x[2 * i]! > x[2 * i + 1]!) !== wrong),
  );
  return { x: tensor("float32", [count, 2], x), y: tensor("uint8", [count], y) };
}

/** A small network that separates them. @param options replace those of the model */
export function pointModel(options: Partial<ModelOptions> = {}): Model {
  return new Model({
    network: sequential(dense({ out: 8 }), relu(), dense({ name: "head", out: 2 })),
    input: { shape: [2], dtype: "float32" },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    createEngine: () => LocalEngine.create(1),
    ...options,
  });
}
