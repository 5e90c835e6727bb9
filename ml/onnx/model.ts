import { IR_VERSION, OPSET_VERSION } from "./limits.ts";
import type { GraphProto } from "./message/messages.ts";
import { MODEL } from "./message/types.ts";

/** The bytes of an ONNX model file that holds a graph. */
export function modelBytes(graph: GraphProto): Uint8Array<ArrayBuffer> {
  return MODEL.encode(MODEL.create({
    irVersion: IR_VERSION,
    producerName: "flwr",
    opsetImport: [{ domain: "", version: BigInt(OPSET_VERSION) }],
    graph,
  }));
}
