import type { GraphProto } from "./message/messages.ts";
import { BLOCKED_DOMAIN, BLOCKED_VERSION } from "./operators.ts";
import { MODEL } from "./message/types.ts";

/** The version of ONNX's operator set that models are written for. */
export const OPSET_VERSION = 18;

/** The version of ONNX's file format that models are written in: the one that came with the operator set. */
export const IR_VERSION = 8n;

function usesBlocks({ node }: GraphProto): boolean {
  return node.some(({ domain, attribute }) =>
    domain === BLOCKED_DOMAIN || attribute.some(({ g }) => g !== undefined && usesBlocks(g))
  );
}

/** The bytes of an ONNX model file that holds a graph. */
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
