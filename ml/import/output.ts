import { FlwrError } from "../../base/error.ts";
import {
  type GraphProto,
  TensorProto_DataType as Type,
  type ValueInfoProto,
} from "../../proto/gen/onnx/onnx_pb.ts";

const REAL: ReadonlySet<number> = new Set([Type.FLOAT, Type.DOUBLE, Type.FLOAT16, Type.BFLOAT16]);

function isReal({ type }: ValueInfoProto): boolean {
  return type?.value.case === "tensorType" && REAL.has(type.value.value.elemType);
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
