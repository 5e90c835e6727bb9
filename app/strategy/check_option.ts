import { FlwrError } from "../../base/error.ts";

/** @throws FlwrError "invalid-argument" when an option is not a number from `min` to `max` */
export function checkNumber(name: string, value: number, min: number, max = Infinity): void {
  if (value >= min && value <= max && Number.isFinite(value)) return;
  const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
  throw new FlwrError("invalid-argument", `${name} is a number ${range}: got ${value}`);
}

/** @throws FlwrError "invalid-argument" when an option is not a whole number from `min` */
export function checkCount(name: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new FlwrError("invalid-argument", `${name} is a whole number from ${min}: got ${value}`);
}
