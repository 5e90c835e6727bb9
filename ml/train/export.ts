import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { input, type Node } from "../graph/value.ts";
import { type Inference, lowerInference } from "../lower/inference.ts";
import type { Ports } from "../nn/layer.ts";
import { trace } from "../nn/trace.ts";
import { inputType, prepareInput } from "./input_spec.ts";
import { namesOf, ONLY } from "./parts.ts";
import type { Recipe } from "./programs.ts";

/** Names that an exported model's input and output have, unless the network or the options say others. */
const PORTS: Ports = { input: "input", output: "output" };

/** How a model is exported. */
export interface ExportOptions {
  /**
   * Whether normalisation is part of the file, so that it takes raw examples as in a data set (default), or not, so
   * that it takes what the network gets: float32, normalised.
   */
  readonly normalization?: "inside" | "outside";
  /** Name of the input (default: the file's that the network was read from, else `input`). */
  readonly inputName?: string;
  /** Name of the output (default: the file's that the network was read from, else `output`). */
  readonly outputName?: string;
}

function inferenceOf(
  { network, inputs }: Recipe,
  batch: number,
  inputName: string,
  options: ExportOptions,
): Inference {
  const spec = inputs.get(ONLY);
  if (spec === undefined || "connect" in network) {
    throw new FlwrError(
      "unimplemented",
      `A network of named inputs or outputs cannot be exported: it has the inputs ${
        namesOf(inputs)
      }`,
    );
  }
  const raw = input(inputName, inputType(spec), [batch, ...spec.shape]) as Node<"input">;
  const prepared = prepareInput(raw, spec);
  const isInside = options.normalization !== "outside";
  const given = input(inputName, prepared.dtype, prepared.shape) as Node<"input">;
  return {
    input: isInside ? raw : given,
    output: trace(network, isInside ? prepared : given).output,
  };
}

/** The network with its parameters as the bytes of an ONNX file that computes its output. */
export function exportModel(
  recipe: Recipe,
  parameters: ReadonlyMap<string, Tensor>,
  options: ExportOptions = {},
): Uint8Array<ArrayBuffer> {
  const known = "ports" in recipe.network ? recipe.network.ports : undefined;
  const names = {
    input: options.inputName ?? known?.input ?? PORTS.input,
    output: options.outputName ?? known?.output ?? PORTS.output,
  };
  for (const name of Object.values(names)) {
    const isTaken = parameters.has(name) || names.input === names.output;
    if (!isTaken && name !== "" && !/^[%#]/.test(name)) continue;
    throw new FlwrError(
      "invalid-argument",
      `The input and output of an exported model need names of their own: got "${name}"`,
    );
  }
  const inference = (batch: number) => inferenceOf(recipe, batch, names.input, options);
  return lowerInference(inference(2), inference(3), parameters, names.output);
}
