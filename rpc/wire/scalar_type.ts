import { ScalarType } from "@bufbuild/protobuf";
import { WireType } from "./records.ts";

/** How one value of a scalar type is laid out (protobuf encoding guide, "message structure"). */
export function wireTypeOfScalar(type: ScalarType): number {
  switch (type) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Fixed64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Fixed32;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.Bytes;
    default: // whole numbers and booleans
      return WireType.Varint;
  }
}
