import { FlwrError } from "../../../base/error.ts";
import type { GraphProto, ValueInfoProto } from "../../onnx/message/messages.ts";
import { ELEMENT } from "../../onnx/message/numbers.ts";

const REAL: ReadonlySet<number> = new Set([
  ELEMENT.FLOAT,
  ELEMENT.DOUBLE,
  ELEMENT.FLOAT16,
  ELEMENT.BFLOAT16,
]);

function isReal({ type }: ValueInfoProto): boolean {
  return type?.tensorType !== undefined && REAL.has(type.tensorType.elemType);
}

/**
 * The array that scikit-learn's exporter converts to a list of dictionaries with ZipMap, if ZipMap computes the output.
 */
function zipped({ node }: GraphProto, { name }: ValueInfoProto): string | undefined {
  const maker = node.find(({ opType, output }) => opType === "ZipMap" && output.includes(name));
  return maker?.input[0];
}

function listed({ output }: GraphProto): string {
  return output.map(({ name }) => `"${name}"`).join(", ");
}

function askedFor(graph: GraphProto, asked: string): string {
  const known = graph.node.some(({ output }) => output.includes(asked));
  if (!known || asked === "") {
    throw new FlwrError(
      "invalid-argument",
      `The ONNX graph has no value "${asked}": its outputs are ${listed(graph)}`,
    );
  }
  const port = graph.output.find(({ name }) => name === asked);
  return (port === undefined ? undefined : zipped(graph, port)) ?? asked;
}

function firstReal(graph: GraphProto): string {
  for (const port of graph.output) {
    const name = isReal(port) ? port.name : zipped(graph, port);
    if (name !== undefined) return name;
  }
  throw new FlwrError(
    "invalid-argument",
    `No output of the ONNX graph has real numbers: ${listed(graph)}`,
  );
}

/**
 * The names of the values that are the network's outputs: those asked for, or else the first output of real numbers. A
 * classifier of scikit-learn has labels, which are not real numbers, as its first output and probabilities as its
 * second.
 *
 * @returns names of values, by the names under which they were asked for
 * @throws FlwrError "invalid-argument" when the graph has no such value
 */
export function chooseOutputs(graph: GraphProto, asked?: readonly string[]): Map<string, string> {
  if (asked === undefined) {
    const name = firstReal(graph);
    return new Map([[name, name]]);
  }
  if (asked.length === 0) {
    throw new FlwrError("invalid-argument", "A network needs at least one output: got none");
  }
  return new Map(asked.map((name) => [name, askedFor(graph, name)]));
}
