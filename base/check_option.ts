import { FlwrError } from "./error.ts";

/**
 * Checks a number option.
 *
 * @throws FlwrError "invalid-argument" unless it is a number from `min` to `max`
 */
export function checkNumber(name: string, value: number, min: number, max = Infinity): void {
  if (value >= min && value <= max && Number.isFinite(value)) return;
  const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
  throw new FlwrError("invalid-argument", `${name} must be a number ${range}: got ${value}`);
}

/**
 * Checks a number option that must not be 0. There is no smallest such number to compare with: where ONNX Runtime has
 * computed in a thread, the smallest doubles are equal to 0.
 *
 * @throws FlwrError "invalid-argument" unless it is a finite number above 0
 */
export function checkPositive(name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new FlwrError("invalid-argument", `${name} must be a number above 0: got ${value}`);
}

/**
 * Checks an integer option.
 *
 * @throws FlwrError "invalid-argument" unless it is an integer from `min`
 */
export function checkCount(name: string, value: number, min = 1): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new FlwrError(
    "invalid-argument",
    `${name} must be a whole number from ${min}: got ${value}`,
  );
}
