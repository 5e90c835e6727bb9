import { FlwrError } from "../base/error.ts";
import { fileKind } from "../base/file_kind.ts";
import {
  arrayConstructor,
  type DType,
  type DTypeData,
  itemSize,
  type TypedArray,
} from "./dtype.ts";
import { MAX_RANK } from "./limits.ts";
import { formatNpyHeader, type NpyHeader, parseNpyHeader } from "./npy_header.ts";
import { elementCount, type Tensor, tensor, tensorBytes } from "./tensor.ts";

/** Longest text header of a .npy file, in bytes: numpy's own default limit (`max_header_size`). */
const MAX_NPY_HEADER_BYTES = 10_000;

/** "\x93NUMPY": the signature of .npy files (numpy's NEP 1). */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Alignment of the elements, as in numpy, for memory mapping. */
const ALIGNMENT = 64;
/** Length of the signature, the version, and the two-byte header length of version 1.0. */
const PREAMBLE_V1 = 10;
/** The same with the four-byte header length of versions 2.0 and 3.0. */
const PREAMBLE_V2 = 12;

/**
 * Encodes a tensor exactly as numpy's `save` does: version 1.0, C order, little endian.
 *
 * @throws FlwrError "invalid-argument" when the tensor has more axes than {@link MAX_RANK}
 */
export function encodeNpy(tensor: Tensor): Uint8Array<ArrayBuffer> {
  const data = tensorBytes(tensor);
  const { file, start } = npyFile(tensor.dtype, tensor.shape, data.length);
  file.set(data, start);
  return file;
}

/** The files of tensors made by {@link zerosInNpy}, by their elements. */
const FILES = new WeakMap<TypedArray, Uint8Array<ArrayBuffer>>();

/**
 * Creates a tensor of zeros whose elements lie in the bytes of a .npy file, so that a large result need not be copied to
 * be encoded: see {@link npyOf}.
 *
 * @throws FlwrError "invalid-argument" as {@link encodeNpy}
 */
export function zerosInNpy<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
  const elements = elementCount(shape);
  const { file, start } = npyFile(dtype, shape, elements * itemSize(dtype));
  const data = new (arrayConstructor(dtype))(file.buffer, start, elements);
  FILES.set(data, file);
  return tensor(dtype, shape, data);
}

/** The .npy file in which the elements of a tensor lie; undefined unless {@link zerosInNpy} made it. */
export function npyOf({ dtype, shape, data }: Tensor): Uint8Array<ArrayBuffer> | undefined {
  const file = FILES.get(data);
  // The elements may have got another shape.
  const start = file === undefined ? undefined : npyHead(dtype, shape);
  return start?.every((byte, i) => byte === file![i]) ? file : undefined;
}

/** A file with its header, and where its elements begin. */
function npyFile(
  dtype: DType,
  shape: readonly number[],
  byteLength: number,
): { readonly file: Uint8Array<ArrayBuffer>; readonly start: number } {
  const head = npyHead(dtype, shape);
  const file = new Uint8Array(head.length + byteLength);
  file.set(head);
  return { file, start: head.length };
}

/** Everything before the elements. */
function npyHead(dtype: DType, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  if (shape.length > MAX_RANK) {
    throw new FlwrError(
      "invalid-argument",
      `Array has more than ${MAX_RANK} axes: ${shape.length}`,
    );
  }
  const text = formatNpyHeader(dtype, shape);
  const unpadded = PREAMBLE_V1 + text.length + 1;
  // numpy adds a whole block if no padding is needed.
  const start = unpadded + ALIGNMENT - unpadded % ALIGNMENT;
  const head = new Uint8Array(start);
  head.set(MAGIC);
  head[6] = 1;
  new DataView(head.buffer).setUint16(8, start - PREAMBLE_V1, true);
  new TextEncoder().encodeInto(text, head.subarray(PREAMBLE_V1));
  head.fill(0x20, PREAMBLE_V1 + text.length, start - 1);
  head[start - 1] = 0x0a;
  return head;
}

/**
 * Decodes the tensor in a .npy file (versions 1.0, 2.0, 3.0). Column-major and big-endian files are converted.
 * Otherwise the tensor is a view of `bytes` if its elements are aligned, and a copy if not.
 *
 * @param bytes the whole file, and nothing else
 * @throws FlwrError "invalid-argument" when the bytes are not such a file, have an unsupported type (objects are never
 * unpickled), or differ in number from what the header declares
 */
export function decodeNpy(bytes: Uint8Array): Tensor {
  const start = dataStart(bytes);
  const lengthBytes = bytes[6] === 1 ? PREAMBLE_V1 : PREAMBLE_V2;
  const header = parseNpyHeader(String.fromCharCode(...bytes.subarray(lengthBytes, start)));
  const declared = elementCount(header.shape) * itemSize(header.dtype);
  if (bytes.length - start !== declared) {
    throw new FlwrError(
      "invalid-argument",
      `Array of shape [${header.shape}] and type ${header.dtype} needs ${declared} bytes: got ` +
        `${bytes.length - start}`,
    );
  }
  return tensor(header.dtype, header.shape, readElements(header, bytes.subarray(start)));
}

/** Checks everything before the header's text, and returns the offset of the elements. */
function dataStart(bytes: Uint8Array): number {
  if (bytes.length < PREAMBLE_V1 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    const zipped = bytes[0] === 0x50 && bytes[1] === 0x4b;
    const kind = zipped ? undefined : fileKind(bytes);
    const found = kind === undefined ? "" : `: the file is ${kind.name}`;
    throw new FlwrError(
      "invalid-argument",
      `Bytes are not an array in numpy's .npy format${found}`,
      {
        hints: zipped
          ? ["They are a zip archive: read it as a .npz file"]
          : kind?.hint === undefined
          ? []
          : [kind.hint],
      },
    );
  }
  const [major, minor] = [bytes[6]!, bytes[7]!];
  if (major < 1 || major > 3 || minor !== 0) {
    throw new FlwrError(
      "invalid-argument",
      `Version of the .npy format is not 1.0, 2.0 or 3.0: ${major}.${minor}`,
    );
  }
  const preamble = major === 1 ? PREAMBLE_V1 : PREAMBLE_V2;
  if (bytes.length < preamble) throw cutShort();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_NPY_HEADER_BYTES) {
    throw new FlwrError(
      "invalid-argument",
      `Array header is longer than ${MAX_NPY_HEADER_BYTES} bytes: ${length}`,
    );
  }
  if (bytes.length < preamble + length) throw cutShort();
  return preamble + length;
}

function cutShort(): FlwrError {
  return new FlwrError("invalid-argument", "Array in .npy format ends within its header");
}

function readElements(header: NpyHeader, bytes: Uint8Array): DTypeData[DType] {
  const { dtype, shape } = header;
  const size = itemSize(dtype);
  const aligned = bytes.byteOffset % size === 0 && !header.bigEndian;
  // Not slice(), because that of Node's Buffer does not copy.
  const own = aligned ? bytes : new Uint8Array(bytes);
  if (header.bigEndian) swapBytes(own, size);
  if (dtype === "bool") checkBooleans(own);
  const data = new (arrayConstructor(dtype))(own.buffer, own.byteOffset, own.length / size);
  return header.fortranOrder && shape.length > 1 ? toRowMajor(dtype, shape, data) : data;
}

/** Reverses the bytes of each element in place. */
function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

function checkBooleans(bytes: Uint8Array): void {
  const wrong = bytes.find((byte) => byte > 1);
  if (wrong !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      `Array of booleans contains a byte other than 0 and 1: ${wrong}`,
    );
  }
}

/** Converts elements from column-major order (first axis fastest) to row-major order (last axis fastest). */
function toRowMajor(
  dtype: DType,
  shape: readonly number[],
  source: DTypeData[DType],
): DTypeData[DType] {
  const target = new (arrayConstructor(dtype))(source.length);
  const strides: number[] = [];
  shape.reduce((stride, axis) => (strides.push(stride), stride * axis), 1);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < source.length; to++) {
    target[to] = source[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return target;
}
