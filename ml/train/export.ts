import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { input, type Node } from "../graph/value.ts";
import { type Inference, lowerInference } from "../lower/inference.ts";
import { trace } from "../nn/trace.ts";
import { inputType, prepareInput } from "./input_spec.ts";
import { namesOf, ONLY } from "./parts.ts";
import type { Recipe } from "./programs.ts";

/** Name of an exported model's input: raw examples [examples, …], as in a data set. */
const INPUT = "input";
/** Name of an exported model's output: the network's [examples, …]. */
const OUTPUT = "output";

function inferenceOf({ network, inputs }: Recipe, batch: number): Inference {
  const spec = inputs.get(ONLY);
  if (spec === undefined || "connect" in network) {
    throw new FlwrError(
      "unimplemented",
      `A network of named inputs or outputs cannot be exported: it has the inputs ${
        namesOf(inputs)
      }`,
    );
  }
  const source = input(INPUT, inputType(spec), [batch, ...spec.shape]) as Node<"input">;
  return { input: source, output: trace(network, prepareInput(source, spec)).output };
}

/** The network with its parameters as the bytes of an ONNX file that computes its output, normalisation included. */
export function exportModel(
  recipe: Recipe,
  parameters: ReadonlyMap<string, Tensor>,
): Uint8Array<ArrayBuffer> {
  return lowerInference(inferenceOf(recipe, 2), inferenceOf(recipe, 3), parameters, OUTPUT);
}
