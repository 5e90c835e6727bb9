import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ExternalData } from "./external_data.ts";
import type { AttributeProto, NodeProto } from "./message/messages.ts";
import { ATTRIBUTE_TYPE as Type } from "./message/numbers.ts";
import { readTensor } from "./read_tensor.ts";

/** The value of an attribute of a node in a file. Unsupported kinds become "other". */
export type AttributeValue =
  | { readonly kind: "int"; readonly value: number; readonly exact: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "tensor"; readonly value: Tensor }
  | { readonly kind: "ints"; readonly value: readonly number[]; readonly exact: readonly bigint[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "other" };

// Lengths and axes are far below 2⁵³, where numbers are rounded; tensors use the `exact` values.
const number = (value: bigint) => Number(value);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The type of an attribute. Files of old exporters leave it out; the field that is set determines it. */
function typeOf(proto: AttributeProto): number {
  if (proto.type !== Type.UNDEFINED) return proto.type;
  if (proto.floats.length > 0) return Type.FLOATS;
  if (proto.ints.length > 0) return Type.INTS;
  if (proto.strings.length > 0) return Type.STRINGS;
  if (proto.t !== undefined) return Type.TENSOR;
  if (proto.s.length > 0) return Type.STRING;
  return proto.f !== 0 ? Type.FLOAT : Type.INT;
}

function valueOf(proto: AttributeProto, external: ExternalData): AttributeValue {
  switch (typeOf(proto)) {
    case Type.INT:
      return { kind: "int", value: number(proto.i), exact: proto.i };
    case Type.FLOAT:
      return { kind: "float", value: proto.f };
    case Type.STRING:
      return { kind: "string", value: text(proto.s) };
    case Type.INTS:
      return { kind: "ints", value: proto.ints.map(number), exact: proto.ints };
    case Type.FLOATS:
      return { kind: "floats", value: proto.floats };
    case Type.STRINGS:
      return { kind: "strings", value: proto.strings.map(text) };
    case Type.TENSOR:
      if (proto.t === undefined) {
        throw new FlwrError("data-loss", `Attribute "${proto.name}" has type tensor but no tensor`);
      }
      return { kind: "tensor", value: readTensor(proto.t, external) };
    default:
      return { kind: "other" };
  }
}

/** The attributes of a node in a file, by name. */
export function readAttributes(
  { attribute }: NodeProto,
  external: ExternalData,
): Map<string, AttributeValue> {
  return new Map(attribute.map((proto) => [proto.name, valueOf(proto, external)]));
}
