import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { input, type Node } from "../graph/value.ts";
import { type Inference, lowerInference } from "../lower/inference.ts";
import type { Ports } from "../nn/layer.ts";
import { connect } from "./connect.ts";
import { inputType, prepareInput } from "./input_spec.ts";
import { namesOf, ONLY, type Parts } from "./parts.ts";
import type { Recipe } from "./programs.ts";

/** Names of an exported model's input and output, unless the network or the options have others. */
const PORTS: Ports = { input: "input", output: "output" };

/** Options of an export. */
export interface ExportOptions {
  /**
   * "inside": the file normalises its input, which is raw examples as in a data set. "outside": its input is the
   * network's input, float32 and normalised (default "inside").
   */
  readonly normalization?: "inside" | "outside";
  /**
   * Name of a single input. Several inputs keep their names (default: its name in the network or in the ONNX file that
   * the network was read from, or else `input`).
   */
  readonly inputName?: string;
  /** Name of a single output (default: as for the input, or else `output`). */
  readonly outputName?: string;
}

/** The names of inputs or outputs in the file. */
function namesInFile(
  parts: Parts<unknown>,
  option: "inputName" | "outputName",
  asked: string | undefined,
  otherwise: string,
): Parts<string> {
  if (asked !== undefined && parts.size > 1) {
    throw new FlwrError(
      "invalid-argument",
      `"${option}" is for a single one, and the network has several: got "${asked}" for ${
        namesOf(parts)
      }`,
    );
  }
  return new Map([...parts.keys()].map((part) => [
    part,
    asked ?? (part === ONLY ? otherwise : part),
  ]));
}

function inferenceOf(
  { network, inputs }: Recipe,
  batch: number,
  { normalization }: ExportOptions,
  names: { readonly inputs: Parts<string>; readonly outputs: Parts<string> },
): Inference {
  const given: Node<"input">[] = [];
  const x = new Map([...inputs].map(([part, spec]) => {
    const name = names.inputs.get(part)!;
    const raw = input(name, inputType(spec), [batch, ...spec.shape]) as Node<"input">;
    const prepared = prepareInput(raw, spec);
    if (normalization !== "outside") {
      given.push(raw);
      return [part, prepared] as const;
    }
    const normal = input(name, prepared.dtype, prepared.shape) as Node<"input">;
    given.push(normal);
    return [part, normal] as const;
  }));
  const { output } = connect(network, x);
  return {
    inputs: given,
    outputs: new Map([...output].map(([part, value]) => [names.outputs.get(part)!, value])),
  };
}

function requireOwnNames(names: readonly string[], parameters: ReadonlyMap<string, Tensor>): void {
  names.forEach((name, i) => {
    const isTaken = parameters.has(name) || names.indexOf(name) !== i;
    if (!isTaken && name !== "" && !/^[%#]/.test(name)) return;
    throw new FlwrError(
      "invalid-argument",
      `The inputs and outputs of an exported model need names of their own: got "${name}"`,
    );
  });
}

/** The bytes of an ONNX file with the network and its parameters, which computes the network's outputs. */
export function exportModel(
  recipe: Recipe,
  parameters: ReadonlyMap<string, Tensor>,
  options: ExportOptions = {},
): Uint8Array<ArrayBuffer> {
  const { network, inputs, losses } = recipe;
  const known = "ports" in network && network.ports !== undefined ? network.ports : PORTS;
  const names = {
    inputs: namesInFile(inputs, "inputName", options.inputName, known.input),
    // A model has one loss per output.
    outputs: namesInFile(losses, "outputName", options.outputName, known.output),
  };
  requireOwnNames([...names.inputs.values(), ...names.outputs.values()], parameters);
  const inference = (batch: number) => inferenceOf(recipe, batch, options, names);
  return lowerInference(inference(2), inference(3), parameters);
}
