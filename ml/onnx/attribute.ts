import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType as Type,
  AttributeProtoSchema,
  type GraphProto,
} from "../../proto/gen/onnx/onnx_pb.ts";

/** An attribute of an ONNX node; ONNX tells integers, floats and strings apart. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly graph: GraphProto };

/** The attributes of a node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** An attribute in ONNX's own form. */
export function attributeProto(name: string, value: Attribute): AttributeProto {
  if ("int" in value) {
    return create(AttributeProtoSchema, { name, type: Type.INT, i: BigInt(value.int) });
  }
  if ("float" in value) {
    return create(AttributeProtoSchema, { name, type: Type.FLOAT, f: value.float });
  }
  if ("string" in value) {
    const s = new TextEncoder().encode(value.string);
    return create(AttributeProtoSchema, { name, type: Type.STRING, s });
  }
  if ("ints" in value) {
    return create(AttributeProtoSchema, { name, type: Type.INTS, ints: value.ints.map(BigInt) });
  }
  if ("floats" in value) {
    return create(AttributeProtoSchema, { name, type: Type.FLOATS, floats: [...value.floats] });
  }
  return create(AttributeProtoSchema, { name, type: Type.GRAPH, g: value.graph });
}
