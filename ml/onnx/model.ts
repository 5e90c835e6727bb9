import type { GraphProto } from "./message/messages.ts";
import { BLOCKED_DOMAIN, BLOCKED_VERSION } from "./operators.ts";
import { MODEL } from "./message/types.ts";

/** The version of ONNX's operator set in models that we write. */
export const OPSET_VERSION = 18;

/** The version of ONNX's file format in models that we write: the one released with the operator set. */
export const IR_VERSION = 8n;

function usesBlocks({ node }: GraphProto): boolean {
  return node.some(({ domain, attribute }) =>
    domain === BLOCKED_DOMAIN || attribute.some(({ g }) => g !== undefined && usesBlocks(g))
  );
}

/** Encodes a graph as an ONNX model file. */
export function modelBytes(graph: GraphProto): Uint8Array<ArrayBuffer> {
  return MODEL.encode(MODEL.create({
    irVersion: IR_VERSION,
    producerName: "flwr",
    opsetImport: [
      { domain: "", version: BigInt(OPSET_VERSION) },
      ...usesBlocks(graph) ? [{ domain: BLOCKED_DOMAIN, version: BLOCKED_VERSION }] : [],
    ],
    graph,
  }));
}
