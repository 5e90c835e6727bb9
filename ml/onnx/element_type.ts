import { FlwrError } from "../../base/error.ts";
import { TensorProto_DataType } from "../../proto/gen/onnx/onnx_pb.ts";
import type { DType } from "../../tensor/dtype.ts";

const ELEMENT_TYPES: { readonly [D in DType]: TensorProto_DataType } = {
  float16: TensorProto_DataType.FLOAT16,
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  int8: TensorProto_DataType.INT8,
  int16: TensorProto_DataType.INT16,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  uint16: TensorProto_DataType.UINT16,
  uint32: TensorProto_DataType.UINT32,
  uint64: TensorProto_DataType.UINT64,
  bool: TensorProto_DataType.BOOL,
};

/** ONNX's number for a dtype (TensorProto.DataType). */
export function elementType(dtype: DType): TensorProto_DataType {
  return ELEMENT_TYPES[dtype];
}

/**
 * The dtype of one of ONNX's numbers.
 *
 * @throws FlwrError "unimplemented" for types that numpy has no name for
 */
export function dtypeOf(type: number): DType {
  for (const [dtype, number] of Object.entries(ELEMENT_TYPES)) {
    if (number === type) return dtype as DType;
  }
  const name = TensorProto_DataType[type] ?? String(type);
  throw new FlwrError("unimplemented", `ONNX element type ${name} is not supported`);
}
