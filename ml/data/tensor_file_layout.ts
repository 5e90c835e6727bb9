import { type DType, itemSize } from "../../tensor/dtype.ts";
import { elementCount } from "../../tensor/tensor.ts";

/** Bytes per block of a data file; each block has one digest. */
export const BLOCK_BYTES = 2 ** 20;

/** A tensor in a data file. */
export interface TensorPlan {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The header of a data file, as JSON. */
export interface TensorFileHeader {
  readonly tensors: readonly TensorPlan[];
  /** Per tensor, the SHA-256 of each block in hexadecimal. */
  readonly digests: readonly (readonly string[])[];
}

/** The position of a tensor's bytes in a data file. */
export interface TensorPlace {
  readonly plan: TensorPlan;
  /** Offset of its first byte in the file. */
  readonly offset: number;
  readonly bytes: number;
  /** Number of its blocks; the last may be shorter than the others. */
  readonly blocks: number;
}

/** First bytes of a data file; the digit is the version of the layout. */
export const MAGIC = new TextEncoder().encode("flwrdat1");
/** Length of the magic number, the header's length (32 bits, little endian) and its SHA-256. */
export const PREAMBLE_BYTES = MAGIC.length + 4 + 32;
/** Alignment of tensors: a memory page. */
const ALIGNMENT = 4096;
/** Hexadecimal characters of a SHA-256. */
const DIGEST_CHARACTERS = 64;

/**
 * The position of each tensor. The header's length depends only on the plans, because all digests have the same length.
 */
export function placeTensors(plans: readonly TensorPlan[]): TensorPlace[] {
  const sizes = plans.map(({ dtype, shape }) => elementCount(shape) * itemSize(dtype));
  const digests = sizes.map((size) => Array(blockCount(size)).fill("0".repeat(DIGEST_CHARACTERS)));
  let end = PREAMBLE_BYTES + encodeHeader({ tensors: plans, digests }).length;
  return plans.map((plan, i) => {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    const bytes = sizes[i]!;
    end = offset + bytes;
    return { plan, offset, bytes, blocks: blockCount(bytes) };
  });
}

/** Encodes a header. */
export function encodeHeader(header: TensorFileHeader): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(header));
}

/** Number of blocks for a number of bytes. */
export function blockCount(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES);
}
