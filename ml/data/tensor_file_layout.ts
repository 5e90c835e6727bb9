import { type DType, itemSize } from "../../tensor/dtype.ts";
import { elementCount } from "../../tensor/tensor.ts";

/** Bytes of one block of a data file: what is verified by one digest. */
export const BLOCK_BYTES = 2 ** 20;

/** A tensor that a data file holds. */
export interface TensorPlan {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What the header of a data file says, as JSON. */
export interface TensorFileHeader {
  readonly tensors: readonly TensorPlan[];
  /** By tensor, the SHA-256 of each block in hexadecimal. */
  readonly digests: readonly (readonly string[])[];
}

/** Where a tensor's bytes lie in a data file. */
export interface TensorPlace {
  readonly plan: TensorPlan;
  /** Position of its first byte in the file. */
  readonly offset: number;
  readonly bytes: number;
  /** How many blocks that is; the last may be shorter than the others. */
  readonly blocks: number;
}

/** How a data file begins; the digit is the version of the layout. */
export const MAGIC = new TextEncoder().encode("flwrdat1");
/** Magic, the header's length (32 bits, little endian) and its SHA-256. */
export const PREAMBLE_BYTES = MAGIC.length + 4 + 32;
/** Tensors begin at a multiple of this: a memory page. */
const ALIGNMENT = 4096;
/** Hexadecimal characters of a SHA-256. */
const DIGEST_CHARACTERS = 64;

/** Where each tensor lies; the header's length depends on the plans alone, as all digests are equally long. */
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

/** The header's bytes. */
export function encodeHeader(header: TensorFileHeader): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(header));
}

/** How many blocks so many bytes take. */
export function blockCount(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES);
}
