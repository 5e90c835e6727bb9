/** A fraction of two whole numbers; the denominator is above 0. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The value of a finite double as a fraction, exactly. */
export function fractionOf(value: number): Fraction {
  let exponent = 0;
  // Scaling by two is exact: it ends at a whole number after at most 1,074 steps.
  for (; !Number.isInteger(value); value *= 2) exponent++;
  return { numerator: BigInt(value), denominator: 1n << BigInt(exponent) };
}

/** Bits of precision beyond those asked for. The errors of the terms and squarings take fewer than half of them. */
const GUARD_BITS = 64n;

/**
 * exp(−x) · 2^bits, with an error below 1.
 *
 * @param x from 0
 */
export function expNegative({ numerator, denominator }: Fraction, bits: number): bigint {
  // exp(−bits) is below 2^−bits.
  if (numerator > denominator * BigInt(bits)) return 0n;
  const precision = BigInt(bits) + GUARD_BITS;
  // exp(−x) = exp(−x / 2^k)^(2^k), with x / 2^k below 1/8.
  const whole = numerator / denominator;
  const halvings = BigInt(whole.toString(2).length + 3);
  const part = (numerator << precision) / (denominator << halvings);
  let [term, sum] = [1n << precision, 1n << precision];
  for (let n = 1n; term > 0n; n++) {
    term = (term * part >> precision) / n;
    sum += n % 2n === 1n ? -term : term;
  }
  for (let i = 0n; i < halvings; i++) sum = sum * sum >> precision;
  return sum >> GUARD_BITS;
}
