import { create, toBinary } from "@bufbuild/protobuf";
import { type GraphProto, ModelProtoSchema } from "../../proto/gen/onnx/onnx_pb.ts";
import { IR_VERSION, OPSET_VERSION } from "./limits.ts";

/** The bytes of an ONNX model file that holds a graph. */
export function modelBytes(graph: GraphProto): Uint8Array<ArrayBuffer> {
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "flwr",
    opsetImport: [{ domain: "", version: BigInt(OPSET_VERSION) }],
    graph,
  });
  return toBinary(ModelProtoSchema, model);
}
