import { supportedOperators } from "../../../ml/import/operators.ts";
import { noExternalData } from "../../../ml/onnx/external_data.ts";
import type { ModelProto, NodeProto } from "../../../ml/onnx/message/messages.ts";
import { MODEL, TENSOR } from "../../../ml/onnx/message/types.ts";
import { ELEMENT } from "../../../ml/onnx/message/numbers.ts";
import { domainOf } from "../../../ml/onnx/read_model.ts";
import { readTensor } from "../../../ml/onnx/read_tensor.ts";
import type { Tensor } from "../../../tensor/tensor.ts";

/** One model of ONNX's backend suite with one set of inputs and the outputs that are due. */
export interface SuiteCase {
  readonly name: string;
  readonly file: Uint8Array;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Names of the outputs that are bfloat16 in the file. */
  readonly brains: ReadonlySet<string>;
}

function tensorIn(path: string): Tensor {
  return readTensor(TENSOR.decode(Deno.readFileSync(path)), noExternalData);
}

function filesOf(folder: string, kind: "input" | "output"): string[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const numbered = names.filter((name) => name.startsWith(`${kind}_`) && name.endsWith(".pb"));
  const number = (name: string) => Number(name.slice(kind.length + 1, -".pb".length));
  return numbered.sort((a, b) => number(a) - number(b)).map((name) => `${folder}/${name}`);
}

/** Operators that a model's nodes are of, those of its functions and not the calls of these. */
function operatorsOf({ graph, functions }: ModelProto): Set<string> {
  const keyOf = (domain: string, name: string) =>
    domainOf(domain) === "" ? name : `${domain}.${name}`;
  const own = new Set(functions.map(({ domain, name }) => keyOf(domain, name)));
  const all: NodeProto[] = [...graph!.node, ...functions.flatMap(({ node }) => node)];
  return new Set(
    all.map(({ domain, opType }) => keyOf(domain, opType)).filter((key) => !own.has(key)),
  );
}

/** Whether the importer claims all operators that a model is made of. */
export function isClaimed(file: Uint8Array, claimed = new Set(supportedOperators())): boolean {
  const model = MODEL.decode(file);
  return model.graph !== undefined && [...operatorsOf(model)].every((op) => claimed.has(op));
}

/**
 * Reads a folder of the suite: `model.onnx` and `test_data_set_0`.
 *
 * @returns undefined when its values are no tensors of a type that is read: sequences, optional values, texts
 */
export function readCase(folder: string): SuiteCase | undefined {
  const file = Deno.readFileSync(`${folder}/model.onnx`);
  const { graph } = MODEL.decode(file);
  const named = (kind: "input" | "output") => {
    const given = new Set(graph!.initializer.map(({ name }) => name));
    const ports = kind === "output"
      ? graph!.output
      : graph!.input.filter(({ name }) => !given.has(name));
    const paths = filesOf(`${folder}/test_data_set_0`, kind);
    return Object.fromEntries(paths.map((path, i) => [ports[i]!.name, tensorIn(path)]));
  };
  try {
    const name = folder.split("/").at(-1)!;
    const brains = graph!.output
      .filter(({ type }) => type?.tensorType?.elemType === ELEMENT.BFLOAT16)
      .map(({ name }) => name);
    return {
      name,
      file,
      inputs: named("input"),
      outputs: named("output"),
      brains: new Set(brains),
    };
  } catch {
    return undefined;
  }
}

/** Whether a model drops at random also where it is not trained: there is no result that is due. */
export function isRandom({ file, inputs }: SuiteCase): boolean {
  const { graph } = MODEL.decode(file);
  return graph!.node.some(({ opType, input }) => {
    const mode = opType === "Dropout" ? inputs[input[2] ?? ""] : undefined;
    return mode !== undefined && Number(mode.data[0]) !== 0;
  });
}
