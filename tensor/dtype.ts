/** Element types, by numpy's names: those that both .npy files and ONNX tensors have. */
export const DTYPES = [
  "float16",
  "float32",
  "float64",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
] as const;

/** An element type, by numpy's name. */
export type DType = typeof DTYPES[number];

/** The array type for elements of each type; booleans are bytes of 0 and 1, as in numpy. */
export interface DTypeData {
  float16: Float16Array;
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
}

/** Any array of elements. */
export type TypedArray = DTypeData[DType];

interface TypedArrayConstructor<T> {
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

const CONSTRUCTORS: { readonly [D in DType]: TypedArrayConstructor<DTypeData[D]> } = {
  float16: Float16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** The constructor of the array type for elements of a type. */
export function arrayConstructor<D extends DType>(dtype: D): TypedArrayConstructor<DTypeData[D]> {
  return CONSTRUCTORS[dtype];
}

/** Size of one element, in bytes. */
export function itemSize(dtype: DType): number {
  return CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
}
