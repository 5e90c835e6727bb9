import { FlwrError } from "../base/error.ts";
import { ELEMENT_BYTES, timesSmall } from "./gf128.ts";
import {
  evaluateInto,
  MAX_SMALL,
  readRow,
  type Row,
  sumOfProducts,
  writeRow,
} from "./gf128_rows.ts";
import { dualFactors, ShareFactors } from "./share_factors.ts";

/** Bytes of a share's number, little endian, in front of its elements. */
const NUMBER_BYTES = 4;

/** Gives random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

/** Random bytes of the platform's cryptographic generator. */
export function systemRandomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}

/**
 * Shares a secret: any `threshold` shares give it back, fewer say nothing of it (Shamir, 1979).
 *
 * As in Flower, the secret is padded by PKCS#7 to chunks of 16 bytes. Each chunk is the constant coefficient of a random
 * polynomial over GF(2¹²⁸). Share i, from 1, is its number and the polynomials' values at i.
 *
 * @param threshold at least 1
 * @param count how many shares
 * @param randomBytes where the coefficients come from: for each chunk `threshold − 1`, the highest first
 * @returns the shares, each of 4 bytes and 16 bytes for each chunk
 */
export function createShares(
  secret: Uint8Array,
  threshold: number,
  count: number,
  randomBytes: RandomBytes = systemRandomBytes,
): Uint8Array<ArrayBuffer>[] {
  const padded = pad(secret);
  const chunks = padded.length / ELEMENT_BYTES;
  // By degree, the highest first, and within a row by chunk.
  const coefficients: Row[] = Array.from(
    { length: threshold - 1 },
    () => new Int32Array(4 * chunks),
  );
  for (let chunk = 0; chunk < chunks; chunk++) {
    const random = readRow(randomBytes((threshold - 1) * ELEMENT_BYTES));
    coefficients.forEach((row, degree) => {
      row.set(random.subarray(4 * degree, 4 * degree + 4), 4 * chunk);
    });
  }
  coefficients.push(readRow(padded));
  const values = new Int32Array(4 * chunks);
  return Array.from({ length: count }, (_, i) => {
    const share = new Uint8Array(NUMBER_BYTES + padded.length);
    new DataView(share.buffer).setUint32(0, i + 1, true);
    evaluateInto(coefficients, i + 1, values);
    writeRow(values, share, NUMBER_BYTES);
    return share;
  });
}

/** The number of a share, from 1. @throws FlwrError "invalid-argument" when the bytes are not a share */
export function shareNumber(share: Uint8Array): number {
  const elements = share.length - NUMBER_BYTES;
  if (elements <= 0 || elements % ELEMENT_BYTES !== 0) {
    throw new FlwrError(
      "invalid-argument",
      `A share has 4 bytes and a multiple of 16 bytes: got ${share.length} bytes`,
    );
  }
  const number = new DataView(share.buffer, share.byteOffset).getUint32(0, true);
  if (number > 0 && number <= MAX_SMALL) return number;
  throw new FlwrError(
    "invalid-argument",
    `A share's number is from 1 to ${MAX_SMALL}: got ${number}`,
  );
}

/**
 * The secret that shares stand for.
 *
 * @param shares exactly as many as the threshold, all of one secret
 * @param factors give one object for all secrets of a round: what shares count is then computed once. Default: a new one
 * @throws FlwrError "invalid-argument" when they do not belong together: their lengths differ, a number is there twice,
 *   or what comes out is not padded
 */
export function combineShares(
  shares: readonly Uint8Array[],
  factors: ShareFactors = new ShareFactors(),
): Uint8Array<ArrayBuffer> {
  const sum = sumOfProducts(factors.atZero(numbersOf(shares)), rowsOf(shares));
  const padded = new Uint8Array(4 * sum.length);
  writeRow(sum, padded, 0);
  return unpad(padded);
}

/**
 * Whether all shares lie on one polynomial of degree `threshold − 1`, in each chunk.
 *
 * Values yᵢ at n numbers xᵢ do so when Σ vᵢ·r(xᵢ)·yᵢ = 0 for each polynomial r of degree n − threshold − 1, where
 * vᵢ = Π_{m ≠ i} 1 / (xᵢ + xₘ): the dual of a Reed-Solomon code. One random r stands for all: it misses a wrong share once
 * in 2¹²⁸ times, and nobody who gave a share knew it.
 *
 * @param factors as in {@link combineShares}
 * @throws FlwrError "invalid-argument" when they do not belong together: their lengths differ, or a number is there twice
 */
export function areConsistent(
  shares: readonly Uint8Array[],
  threshold: number,
  factors: ShareFactors = new ShareFactors(),
): boolean {
  const numbers = numbersOf(shares);
  if (shares.length <= threshold) return true;
  return isZero(sumOfProducts(factors.check(numbers, threshold), rowsOf(shares)));
}

/**
 * The one share that can be wrong, if exactly one is. With an error e at xⱼ alone, Σ vᵢ·yᵢ = vⱼ·e and
 * Σ vᵢ·xᵢ·yᵢ = xⱼ·vⱼ·e: the two differ by the factor xⱼ. Check that the other shares are consistent.
 *
 * @param shares at least two more than the threshold, not all consistent
 * @returns its place; undefined when more than one is wrong
 * @throws FlwrError "invalid-argument" when they do not belong together: their lengths differ, or a number is there twice
 */
export function placeOfWrongShare(shares: readonly Uint8Array[]): number | undefined {
  const numbers = numbersOf(shares);
  const rows = rowsOf(shares);
  const factors = dualFactors(numbers);
  const sums = sumOfProducts(factors, rows);
  const shifted = sumOfProducts(
    factors.map((factor, i) => timesSmall(factor, numbers[i]!)),
    rows,
  );
  if (isZero(sums)) return undefined;
  const product = new Int32Array(sums.length);
  const place = numbers.findIndex((number) => {
    // sums · number + shifted
    evaluateInto([sums, shifted], number, product);
    return isZero(product);
  });
  return place < 0 ? undefined : place;
}

/** The shares' numbers. @throws FlwrError "invalid-argument" when lengths differ, or a number is there twice */
function numbersOf(shares: readonly Uint8Array[]): number[] {
  const numbers = shares.map(shareNumber);
  const [first] = shares;
  if (first === undefined || shares.some(({ length }) => length !== first.length)) {
    throw new FlwrError("invalid-argument", "Shares of one secret have the same length");
  }
  if (new Set(numbers).size !== numbers.length) {
    throw new FlwrError("invalid-argument", "Two shares of a secret have the same number");
  }
  return numbers;
}

/** The shares' values. */
function rowsOf(shares: readonly Uint8Array[]): Row[] {
  return shares.map((share) => readRow(share.subarray(NUMBER_BYTES)));
}

function isZero(row: Row): boolean {
  return row.every((word) => word === 0);
}

function pad(secret: Uint8Array): Uint8Array {
  const missing = ELEMENT_BYTES - secret.length % ELEMENT_BYTES;
  const padded = new Uint8Array(secret.length + missing).fill(missing);
  padded.set(secret);
  return padded;
}

function unpad(padded: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const missing = padded.at(-1)!;
  const end = padded.length - missing;
  const sound = missing >= 1 && missing <= ELEMENT_BYTES &&
    padded.subarray(end).every((byte) => byte === missing);
  if (sound) return padded.slice(0, end);
  throw new FlwrError("invalid-argument", "The shares do not belong to one secret");
}
