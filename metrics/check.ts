import { FlwrError } from "../base/error.ts";

/** Numbers of examples: typed arrays, or plain ones. */
export type Numbers = ArrayLike<number>;

/** @throws FlwrError "invalid-argument" unless both have the same number of examples */
export function checkLengths(name: string, values: Numbers, targets: Numbers): void {
  if (values.length === targets.length) return;
  throw invalid(`There are ${values.length} ${name} and ${targets.length} targets`, [
    "Give one of each for every example",
  ]);
}

/** @throws FlwrError "invalid-argument" unless `count` is a whole number from `min` to `max` */
export function checkWhole(name: string, count: number, min: number, max: number): void {
  if (Number.isSafeInteger(count) && count >= min && count <= max) return;
  throw invalid(`${name} must be a whole number from ${min} to ${max}: got ${count}`);
}

/** An "invalid-argument" error. */
export function invalid(message: string, hints: readonly string[] = []): FlwrError {
  return new FlwrError("invalid-argument", message, { hints });
}
