import { type Element, ELEMENT_BYTES } from "./gf128.ts";

/**
 * Elements of GF(2¹²⁸) in a row, four words each, as in {@link Element}: what a secret or a share of several chunks
 * becomes. Public numbers decide the time of these functions, and the rows' contents do not.
 */
export type Row = Int32Array;

/** Words of an element. */
const WORDS = ELEMENT_BYTES / 4;
/** x¹²⁸ is x⁷ + x² + x + 1. */
const REDUCTION = 0x87;
/** Largest number that {@link evaluateInto} takes: its product has five words. */
export const MAX_SMALL = 2 ** 25 - 1;

/** The row in big-endian bytes. @param bytes a multiple of 16 */
export function readRow(bytes: Uint8Array): Row {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const row = new Int32Array(bytes.length / 4);
  for (let i = 0; i < row.length; i++) row[i] = view.getInt32(4 * i);
  return row;
}

/** Writes a row as big-endian bytes. */
export function writeRow(row: Row, bytes: Uint8Array, offset: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  for (let i = 0; i < row.length; i++) view.setInt32(4 * i, row[i]!);
}

/**
 * Evaluates a polynomial for each element of a row at a small number, by Horner's rule.
 *
 * @param coefficients rows of equal length, that of the highest power first
 * @param x from 1 to 2²⁵ − 1: its bits are the coefficients of an element
 * @param result gets the values
 */
export function evaluateInto(coefficients: readonly Row[], x: number, result: Row): void {
  if (!(x >= 1 && x <= MAX_SMALL)) throw new RangeError(`A share's number is ${x}`);
  const shifts: number[] = [];
  for (let bit = 1; bit < 32; bit++) if ((x >>> bit) & 1) shifts.push(bit);
  const isOdd = -(x & 1);
  for (let at = 0; at < result.length; at += WORDS) {
    let v0 = 0, v1 = 0, v2 = 0, v3 = 0;
    for (let degree = 0; degree < coefficients.length; degree++) {
      const row = coefficients[degree]!;
      // The product of 128 and 25 bits, without carries: `over` holds what is above 128 bits.
      let p0 = v0 & isOdd, p1 = v1 & isOdd, p2 = v2 & isOdd, p3 = v3 & isOdd, over = 0;
      for (let i = 0; i < shifts.length; i++) {
        const left = shifts[i]!;
        const right = 32 - left;
        over ^= v0 >>> right;
        p0 ^= (v0 << left) | (v1 >>> right);
        p1 ^= (v1 << left) | (v2 >>> right);
        p2 ^= (v2 << left) | (v3 >>> right);
        p3 ^= v3 << left;
      }
      v0 = p0 ^ row[at]!;
      v1 = p1 ^ row[at + 1]!;
      v2 = p2 ^ row[at + 2]!;
      v3 = p3 ^ over ^ (over << 1) ^ (over << 2) ^ (over << 7) ^ row[at + 3]!;
    }
    result[at] = v0;
    result[at + 1] = v1;
    result[at + 2] = v2;
    result[at + 3] = v3;
  }
}

/**
 * Σ factorᵢ · rowᵢ. All products share their doublings.
 *
 * @param factors public numbers, one for each row
 * @param rows of equal length, at least one
 */
export function sumOfProducts(factors: readonly Element[], rows: readonly Row[]): Row {
  const sum = new Int32Array(rows[0]!.length);
  for (let bit = 127; bit >= 0; bit--) {
    doubleRow(sum);
    const [word, mask] = [3 - (bit >>> 5), 1 << (bit & 31)];
    for (let i = 0; i < rows.length; i++) {
      if ((factors[i]![word]! & mask) === 0) continue;
      const row = rows[i]!;
      for (let at = 0; at < sum.length; at++) sum[at]! ^= row[at]!;
    }
  }
  return sum;
}

function doubleRow(row: Row): void {
  for (let at = 0; at < row.length; at += WORDS) {
    const v0 = row[at]!, v1 = row[at + 1]!, v2 = row[at + 2]!, v3 = row[at + 3]!;
    row[at] = (v0 << 1) | (v1 >>> 31);
    row[at + 1] = (v1 << 1) | (v2 >>> 31);
    row[at + 2] = (v2 << 1) | (v3 >>> 31);
    row[at + 3] = (v3 << 1) ^ (-(v0 >>> 31) & REDUCTION);
  }
}
