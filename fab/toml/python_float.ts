/** Python writes a float with an exponent from 1e16 on and below 1e-4. */
const LARGEST_PLAIN = 16;
const SMALLEST_PLAIN = -4;

/**
 * Formats a float like Python's `repr`: with the same shortest digits as JavaScript, but always with a decimal point or
 * an
 * exponent, and exponents have at least two digits.
 *
 * @example
 * ```ts
 * pythonFloat(1); // "1.0"
 * pythonFloat(1e-5); // "1e-05"
 * ```
 */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa, power] = Math.abs(value).toExponential().split("e") as [string, string];
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  if (exponent >= LARGEST_PLAIN || exponent < SMALLEST_PLAIN) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}
