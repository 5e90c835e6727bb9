import { FlwrError } from "../../base/error.ts";
import type { DType } from "../../tensor/dtype.ts";
import { ELEMENT } from "./message/numbers.ts";

const ELEMENT_TYPES: { readonly [D in DType]: number } = {
  float16: ELEMENT.FLOAT16,
  float32: ELEMENT.FLOAT,
  float64: ELEMENT.DOUBLE,
  int8: ELEMENT.INT8,
  int16: ELEMENT.INT16,
  int32: ELEMENT.INT32,
  int64: ELEMENT.INT64,
  uint8: ELEMENT.UINT8,
  uint16: ELEMENT.UINT16,
  uint32: ELEMENT.UINT32,
  uint64: ELEMENT.UINT64,
  bool: ELEMENT.BOOL,
};

/** ONNX's number for a dtype (TensorProto.DataType). */
export function elementType(dtype: DType): number {
  return ELEMENT_TYPES[dtype];
}

/**
 * The dtype of one of ONNX's numbers.
 *
 * @throws FlwrError "unimplemented" for types that numpy does not have
 */
export function dtypeOf(type: number): DType {
  for (const [dtype, number] of Object.entries(ELEMENT_TYPES)) {
    if (number === type) return dtype as DType;
  }
  const name = Object.entries(ELEMENT).find(([, number]) => number === type)?.[0] ?? type;
  throw new FlwrError("unimplemented", `ONNX element type ${name} is not supported`);
}
