/**
 * An element of GF(2¹²⁸) modulo x¹²⁸ + x⁷ + x² + x + 1: four 32-bit words, the most significant first. Bit i of the
 * 128-bit number is the coefficient of xⁱ.
 */
export type Element = Int32Array;

/** Bytes of an element. */
export const ELEMENT_BYTES = 16;

/** x⁷ + x² + x + 1: what x¹²⁸ is. */
const REDUCTION = 0x87;

/** A small number as an element: its bits are the coefficients. */
export function smallElement(value: number): Element {
  return Int32Array.of(0, 0, 0, value);
}

/** The element of 16 big-endian bytes. */
export function elementAt(bytes: Uint8Array, offset = 0): Element {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, ELEMENT_BYTES);
  return Int32Array.from([0, 4, 8, 12], (at) => view.getInt32(at));
}

/** Writes an element as 16 big-endian bytes. */
export function writeElement(element: Element, bytes: Uint8Array, offset: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, ELEMENT_BYTES);
  for (let i = 0; i < 4; i++) view.setInt32(4 * i, element[i]!);
}

/** a ← a + b; addition and subtraction are the same. */
export function addTo(a: Element, b: Element): void {
  a[0]! ^= b[0]!;
  a[1]! ^= b[1]!;
  a[2]! ^= b[2]!;
  a[3]! ^= b[3]!;
}

/**
 * a · b, for a small b. The time depends on b, not on a: b is a share's number, which is public.
 *
 * @param b from 0 to 2³¹ − 1
 */
export function timesSmall(a: Element, b: number): Element {
  const a0 = a[0]!, a1 = a[1]!, a2 = a[2]!, a3 = a[3]!;
  let p0 = 0, p1 = 0, p2 = 0, p3 = 0;
  for (let bit = 31 - Math.clz32(b); bit >= 0; bit--) {
    const carry = -(p0 >>> 31);
    p0 = (p0 << 1) | (p1 >>> 31);
    p1 = (p1 << 1) | (p2 >>> 31);
    p2 = (p2 << 1) | (p3 >>> 31);
    p3 = (p3 << 1) ^ (carry & REDUCTION);
    if ((b >>> bit) & 1) {
      p0 ^= a0;
      p1 ^= a1;
      p2 ^= a2;
      p3 ^= a3;
    }
  }
  return Int32Array.of(p0, p1, p2, p3);
}

/** a · b, in a time that does not depend on either. */
export function times(a: Element, b: Element): Element {
  const a0 = a[0]!, a1 = a[1]!, a2 = a[2]!, a3 = a[3]!;
  let p0 = 0, p1 = 0, p2 = 0, p3 = 0;
  for (let word = 0; word < 4; word++) {
    const bits = b[word]!;
    for (let bit = 31; bit >= 0; bit--) {
      const carry = -(p0 >>> 31);
      const chosen = -((bits >>> bit) & 1);
      p0 = ((p0 << 1) | (p1 >>> 31)) ^ (a0 & chosen);
      p1 = ((p1 << 1) | (p2 >>> 31)) ^ (a1 & chosen);
      p2 = ((p2 << 1) | (p3 >>> 31)) ^ (a2 & chosen);
      p3 = (p3 << 1) ^ (carry & REDUCTION) ^ (a3 & chosen);
    }
  }
  return Int32Array.of(p0, p1, p2, p3);
}

/** 1 / a, as a^(2¹²⁸ − 2). @param a not 0 */
export function inverse(a: Element): Element {
  let [power, result] = [times(a, a), smallElement(1)];
  for (let i = 1; i < 128; i++) {
    result = times(result, power);
    power = times(power, power);
  }
  return result;
}
