import { FlwrError } from "../../base/error.ts";
import { arrayConstructor, type DType, itemSize } from "../../tensor/dtype.ts";
import { MAX_RANK } from "../../tensor/limits.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { dtypeOf } from "./element_type.ts";
import { type ExternalData, readExternal } from "./external_data.ts";
import type { TensorProto } from "./message/messages.ts";
import { ELEMENT, LOCATION } from "./message/numbers.ts";

/** Most bytes of one tensor of a file, including external data: 2 GiB. */
const MAX_TENSOR_BYTES = 2 ** 31 - 1;

function damaged(name: string, reason: string): FlwrError {
  return new FlwrError("data-loss", `Tensor "${name}" in the ONNX file is damaged: ${reason}`);
}

function shapeOf({ name, dims }: TensorProto, size: number): number[] {
  const shape = dims.map(Number);
  if (shape.length > MAX_RANK) {
    throw new FlwrError(
      "unimplemented",
      `Tensor "${name}" in the ONNX file has ${shape.length} axes: at most ${MAX_RANK} are supported`,
    );
  }
  const wrong = shape.some((length) => !Number.isSafeInteger(length) || length < 0);
  if (wrong) throw damaged(name, `[${shape}] is not a shape`);
  if (!(elementCount(shape) * size <= MAX_TENSOR_BYTES)) {
    throw new FlwrError(
      "resource-exhausted",
      `Tensor "${name}" in the ONNX file has the shape [${shape}]: ` +
        `at most ${MAX_TENSOR_BYTES} bytes are supported`,
    );
  }
  return shape;
}

/** The numbers in a tensor's typed field; ONNX stores small integers and float16's bits in int32_data. */
function typedField(proto: TensorProto, dtype: DType): readonly (number | bigint)[] {
  switch (dtype) {
    case "float32":
      return proto.floatData;
    case "float64":
      return proto.doubleData;
    case "int64":
      return proto.int64Data;
    case "uint32":
    case "uint64":
      return proto.uint64Data;
    default:
      return proto.int32Data;
  }
}

function fromField(proto: TensorProto, dtype: DType, shape: readonly number[]): Tensor {
  const numbers = typedField(proto, dtype);
  const count = elementCount(shape);
  if (numbers.length !== count) {
    throw damaged(proto.name, `[${shape}] needs ${count} numbers: got ${numbers.length}`);
  }
  const data = new (arrayConstructor(dtype))(count);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    numbers.forEach((number, i) => data[i] = BigInt(number));
  } else if (dtype === "float16") {
    new Uint16Array(data.buffer).set(Uint16Array.from(numbers, Number));
  } else numbers.forEach((number, i) => data[i] = Number(number));
  return tensor(dtype, shape, data);
}

/** Widens bfloat16, which is the upper half of a float32. */
function widen(bits: Uint16Array): Float32Array {
  const wide = Uint32Array.from(bits, (half) => half << 16);
  return new Float32Array(wide.buffer);
}

/**
 * Reads the tensor of an ONNX file into a copy: bfloat16 becomes float32, other types stay.
 *
 * @param external reads data that are not in the file itself
 * @throws FlwrError "data-loss" when shape and data do not match or external data are missing, "unimplemented" for
 * types that numpy does not have, "permission-denied" for external data outside of the model's folder
 */
export function readTensor(proto: TensorProto, external: ExternalData): Tensor {
  const { name } = proto;
  const isBrain = proto.dataType === ELEMENT.BFLOAT16;
  let dtype: DType;
  try {
    dtype = isBrain ? "uint16" : dtypeOf(proto.dataType);
  } catch (cause) {
    const { code, message } = FlwrError.from(cause);
    throw new FlwrError(code, `Tensor "${name}": ${message}`, { cause });
  }
  if (proto.segment !== undefined) {
    throw new FlwrError(
      "unimplemented",
      `Tensor "${name}" in the ONNX file is split into segments, which is not supported`,
      { hints: ["Save the file again, with onnx.save"] },
    );
  }
  const shape = shapeOf(proto, itemSize(dtype));
  const count = elementCount(shape);
  const size = count * itemSize(dtype);

  let value: Tensor;
  const isExternal = proto.dataLocation === LOCATION.EXTERNAL;
  if (isExternal || proto.rawData.length > 0) {
    const bytes = isExternal ? readExternal(proto, external, size) : proto.rawData;
    if (bytes.length !== size) {
      throw damaged(name, `[${shape}] of ${dtype} needs ${size} bytes: got ${bytes.length}`);
    }
    const own = new Uint8Array(size);
    own.set(bytes);
    value = tensor(dtype, shape, new (arrayConstructor(dtype))(own.buffer, 0, count));
  } else value = fromField(proto, dtype, shape);
  return isBrain ? tensor("float32", shape, widen(value.data as Uint16Array)) : value;
}
