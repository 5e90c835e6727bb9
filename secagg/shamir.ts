import { FlwrError } from "../base/error.ts";
import {
  addTo,
  type Element,
  ELEMENT_BYTES,
  elementAt,
  inverse,
  smallElement,
  times,
  timesSmall,
  writeElement,
} from "./gf128.ts";

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
  const shares = Array.from({ length: count }, (_, i) => {
    const share = new Uint8Array(NUMBER_BYTES + padded.length);
    new DataView(share.buffer).setUint32(0, i + 1, true);
    return share;
  });
  for (let at = 0; at < padded.length; at += ELEMENT_BYTES) {
    const random = randomBytes((threshold - 1) * ELEMENT_BYTES);
    const coefficients = Array.from(
      { length: threshold - 1 },
      (_, i) => elementAt(random, i * ELEMENT_BYTES),
    );
    coefficients.push(elementAt(padded, at));
    shares.forEach((share, i) => {
      let value = new Int32Array(4) as Element;
      for (const coefficient of coefficients) {
        value = timesSmall(value, i + 1);
        addTo(value, coefficient);
      }
      writeElement(value, share, NUMBER_BYTES + at);
    });
  }
  return shares;
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
  if (number > 0 && number < 2 ** 31) return number;
  throw new FlwrError("invalid-argument", `A share's number is from 1 to 2^31 - 1: got ${number}`);
}

/**
 * The secret that shares stand for.
 *
 * @param shares exactly as many as the threshold, all of one secret
 * @throws FlwrError "invalid-argument" when they do not belong together: their lengths differ, a number is there twice,
 *   or what comes out is not padded
 */
export function combineShares(shares: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const sums = weightedSums(shares, lagrangeAtZero(numbersOf(shares)));
  const padded = new Uint8Array(sums.length * ELEMENT_BYTES);
  sums.forEach((sum, chunk) => writeElement(sum, padded, chunk * ELEMENT_BYTES));
  return unpad(padded);
}

/**
 * Whether all shares lie on one polynomial of degree `threshold − 1`, in each chunk.
 *
 * Values yᵢ at n numbers xᵢ do so when Σ vᵢ·r(xᵢ)·yᵢ = 0 for each polynomial r of degree n − threshold − 1, where
 * vᵢ = Π_{m ≠ i} 1 / (xᵢ + xₘ): the dual of a Reed-Solomon code. One random r stands for all: it misses a wrong share once
 * in 2¹²⁸ times, and nobody who gave a share knew it.
 *
 * @throws FlwrError "invalid-argument" when they do not belong together: their lengths differ, or a number is there twice
 */
export function areConsistent(shares: readonly Uint8Array[], threshold: number): boolean {
  const numbers = numbersOf(shares);
  const extra = shares.length - threshold;
  if (extra <= 0) return true;
  const random = systemRandomBytes(extra * ELEMENT_BYTES);
  const coefficients = Array.from(
    { length: extra },
    (_, i) => elementAt(random, i * ELEMENT_BYTES),
  );
  const factors = dualFactors(numbers).map((factor, i) => {
    let value = smallElement(0);
    for (const coefficient of coefficients) {
      value = timesSmall(value, numbers[i]!);
      addTo(value, coefficient);
    }
    return times(factor, value);
  });
  return weightedSums(shares, factors).every(isZero);
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
  const factors = dualFactors(numbers);
  const sums = weightedSums(shares, factors);
  const shifted = weightedSums(shares, factors.map((factor, i) => timesSmall(factor, numbers[i]!)));
  if (sums.every(isZero)) return undefined;
  const place = numbers.findIndex((number) =>
    sums.every((sum, chunk) => {
      const difference = timesSmall(sum, number);
      addTo(difference, shifted[chunk]!);
      return isZero(difference);
    })
  );
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

/** Σ factorᵢ · yᵢ for each chunk. */
function weightedSums(shares: readonly Uint8Array[], factors: readonly Element[]): Element[] {
  const chunks = (shares[0]!.length - NUMBER_BYTES) / ELEMENT_BYTES;
  return Array.from({ length: chunks }, (_, chunk) => {
    const sum = smallElement(0);
    shares.forEach((share, i) => {
      addTo(sum, times(factors[i]!, elementAt(share, NUMBER_BYTES + chunk * ELEMENT_BYTES)));
    });
    return sum;
  });
}

function isZero(element: Element): boolean {
  return element.every((word) => word === 0);
}

/** vⱼ = Π_{m ≠ j} 1 / (xⱼ + xₘ). */
function dualFactors(numbers: readonly number[]): Element[] {
  return quotients(
    smallElement(1),
    numbers.map((number) =>
      numbers.reduce(
        (product, other) => other === number ? product : timesSmall(product, other ^ number),
        smallElement(1),
      )
    ),
  );
}

/** λⱼ = Π_{m ≠ j} xₘ / (xⱼ + xₘ): what the value at xⱼ counts in the value at 0. */
function lagrangeAtZero(numbers: readonly number[]): Element[] {
  const product = numbers.reduce(timesSmall, smallElement(1));
  // xⱼ · Π (xⱼ + xₘ), so that λⱼ is the product of all numbers divided by it.
  const divisors = numbers.map((number) =>
    numbers.reduce(
      (sum, other) => timesSmall(sum, other === number ? number : number ^ other),
      smallElement(1),
    )
  );
  return quotients(product, divisors);
}

/** A dividend by each divisor. One inversion serves all (Montgomery's trick). */
function quotients(dividend: Element, divisors: readonly Element[]): Element[] {
  const before: Element[] = [];
  let all = smallElement(1);
  for (const divisor of divisors) {
    before.push(all);
    all = times(all, divisor);
  }
  let inverted = times(inverse(all), dividend);
  const results: Element[] = [];
  for (let i = divisors.length - 1; i >= 0; i--) {
    results[i] = times(inverted, before[i]!);
    inverted = times(inverted, divisors[i]!);
  }
  return results;
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
