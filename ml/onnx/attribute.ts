import type { AttributeProto, GraphProto } from "./message/messages.ts";
import { ATTRIBUTE_TYPE as Type } from "./message/numbers.ts";
import { ATTRIBUTE } from "./message/types.ts";

/** An attribute of an ONNX node; ONNX distinguishes integers, floats and strings. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly graph: GraphProto };

/** The attributes of a node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** Converts an attribute to ONNX's message. */
export function attributeProto(name: string, value: Attribute): AttributeProto {
  if ("int" in value) {
    return ATTRIBUTE.create({ name, type: Type.INT, i: BigInt(value.int) });
  }
  if ("float" in value) {
    return ATTRIBUTE.create({ name, type: Type.FLOAT, f: value.float });
  }
  if ("string" in value) {
    const s = new TextEncoder().encode(value.string);
    return ATTRIBUTE.create({ name, type: Type.STRING, s });
  }
  if ("ints" in value) {
    return ATTRIBUTE.create({ name, type: Type.INTS, ints: value.ints.map(BigInt) });
  }
  if ("floats" in value) {
    return ATTRIBUTE.create({ name, type: Type.FLOATS, floats: [...value.floats] });
  }
  return ATTRIBUTE.create({ name, type: Type.GRAPH, g: value.graph });
}
