import { FlwrError } from "./error.ts";

/** A plain object from an untrusted source; its fields can have any value. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks that a value is a plain object.
 *
 * @param what name of the value in the error
 * @throws FlwrError "invalid-argument", like all functions of this file
 */
export function fieldsOf(value: unknown, what: string): Fields {
  const plain = typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  if (plain) return value as Fields;
  throw refused(what, "a plain object", value);
}

/** Checks that a value is a list of at most `maxLength` elements. */
export function listOf(value: unknown, what: string, maxLength: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= maxLength) return value;
  throw refused(what, `a list of at most ${maxLength} elements`, value);
}

/** Checks that a value is a pair: a list of two elements. */
export function pairOf(value: unknown, what: string): readonly [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return value as [unknown, unknown];
  throw refused(what, "a pair", value);
}

/** Checks that a value is a text of at most `maxLength` UTF-16 units. */
export function textOf(value: unknown, what: string, maxLength: number): string {
  if (typeof value === "string" && value.length <= maxLength) return value;
  throw refused(what, `a text of at most ${maxLength} characters`, value);
}

/** Checks that a value is an integer from `min` to `max`. */
export function integerOf(value: unknown, what: string, min: number, max: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) {
    return value as number;
  }
  throw refused(what, `a whole number from ${min} to ${max}`, value);
}

/** Checks that a value is a number, which may be NaN or infinite. */
export function numberOf(value: unknown, what: string): number {
  if (typeof value === "number") return value;
  throw refused(what, "a number", value);
}

/** Checks that a value is a bigint from `min` to `max`. */
export function bigintOf(value: unknown, what: string, min: bigint, max: bigint): bigint {
  if (typeof value === "bigint" && value >= min && value <= max) return value;
  throw refused(what, `an integer from ${min} to ${max}`, value);
}

/** Checks that a value is one of a few texts. */
export function choiceOf<T extends string>(value: unknown, what: string, choices: readonly T[]): T {
  const choice = choices.find((known) => known === value);
  if (choice !== undefined) return choice;
  throw refused(what, `one of ${choices.join(", ")}`, value);
}

function refused(what: string, expected: string, value: unknown): FlwrError {
  return new FlwrError("invalid-argument", `${what} must be ${expected}: got ${describe(value)}`);
}

/** A short description of a value, of limited length. */
function describe(value: unknown): string {
  if (typeof value === "string") return `a text of ${value.length} characters`;
  if (Array.isArray(value)) return `a list of ${value.length} elements`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value === null ? "null" : typeof value;
}
