import { FlwrError } from "../../base/error.ts";
import type { GraphProto, ValueInfoProto } from "../onnx/message/messages.ts";
import { ELEMENT } from "../onnx/message/numbers.ts";

const REAL: ReadonlySet<number> = new Set([
  ELEMENT.FLOAT,
  ELEMENT.DOUBLE,
  ELEMENT.FLOAT16,
  ELEMENT.BFLOAT16,
]);

function isReal({ type }: ValueInfoProto): boolean {
  return type?.tensorType !== undefined && REAL.has(type.tensorType.elemType);
}

/** What scikit-learn's exporter puts into a list of dictionaries by ZipMap, if that makes the output. */
function zipped({ node }: GraphProto, { name }: ValueInfoProto): string | undefined {
  const maker = node.find(({ opType, output }) => opType === "ZipMap" && output.includes(name));
  return maker?.input[0];
}

/**
 * The name of the value that is the network's output: what is asked for, or else the first output of real numbers. A
 * classifier of scikit-learn yields labels, which are no real numbers, and then its probabilities.
 *
 * @throws FlwrError "invalid-argument" when there is none
 */
export function chooseOutput(graph: GraphProto, asked?: string): string {
  const all = graph.output.map(({ name }) => `"${name}"`).join(", ");
  if (asked !== undefined) {
    const known = graph.node.some(({ output }) => output.includes(asked));
    if (!known || asked === "") {
      throw new FlwrError(
        "invalid-argument",
        `The ONNX graph has no value "${asked}": its outputs are ${all}`,
      );
    }
    const port = graph.output.find(({ name }) => name === asked);
    return (port === undefined ? undefined : zipped(graph, port)) ?? asked;
  }
  for (const port of graph.output) {
    const name = isReal(port) ? port.name : zipped(graph, port);
    if (name !== undefined) return name;
  }
  throw new FlwrError("invalid-argument", `No output of the ONNX graph has real numbers: ${all}`);
}
