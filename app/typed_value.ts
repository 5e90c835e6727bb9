import { FlwrError } from "../base/error.ts";
import { describeType, isKind } from "./brand.ts";
import type { Float } from "./float.ts";

/** A metric with its wire type, as it is sent. */
export type TypedMetricValue =
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "sint64"; readonly value: bigint }
  | { readonly type: "uint64"; readonly value: bigint }
  | { readonly type: "double[]"; readonly value: readonly number[] }
  | { readonly type: "sint64[]"; readonly value: readonly bigint[] }
  | { readonly type: "uint64[]"; readonly value: readonly bigint[] };

/** A configuration value with its wire type, as it is sent. */
export type TypedConfigValue =
  | TypedMetricValue
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "bytes"; readonly value: Uint8Array }
  | { readonly type: "bool[]"; readonly value: readonly boolean[] }
  | { readonly type: "string[]"; readonly value: readonly string[] }
  | { readonly type: "bytes[]"; readonly value: readonly Uint8Array[] };

/** A metric as an app reads it. */
export type MetricValue = number | bigint | number[] | bigint[];

/** A configuration value as an app reads it. */
export type ConfigValue =
  | MetricValue
  | boolean
  | string
  | Uint8Array
  | boolean[]
  | string[]
  | Uint8Array[];

/**
 * A value that an app can put into a MetricRecord. Integers are sent as integers: use `float` to send them as doubles.
 */
export type MetricInput = number | bigint | Float | readonly number[] | readonly bigint[];

/** A value that an app can put into a ConfigRecord. */
export type ConfigInput =
  | MetricInput
  | boolean
  | string
  | Uint8Array
  | readonly boolean[]
  | readonly string[]
  | readonly Uint8Array[];

const MIN_SINT64 = -(2n ** 63n);
const MAX_SINT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** Whether a number is sent as an integer: an exact integer, and not −0, which only a double can represent. */
function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function typedBigint(value: bigint): { type: "sint64" | "uint64"; value: bigint } {
  if (value >= MIN_SINT64 && value <= MAX_SINT64) return { type: "sint64", value };
  if (value > 0n && value <= MAX_UINT64) return { type: "uint64", value };
  throw new FlwrError("invalid-argument", `Integer does not fit into 64 bits: ${value}`);
}

function typedBigints(values: readonly bigint[]): TypedMetricValue {
  const unsigned = values.some((value) => typedBigint(value).type === "uint64");
  if (unsigned && values.some((value) => value < 0n)) {
    throw new FlwrError(
      "invalid-argument",
      `List [${values}] has integers below zero and above ${MAX_SINT64}: no wire type has both`,
    );
  }
  return { type: unsigned ? "uint64[]" : "sint64[]", value: [...values] };
}

function typedNumber(value: number): TypedMetricValue {
  return isWhole(value) ? { type: "sint64", value: BigInt(value) } : { type: "double", value };
}

function typedNumbers(values: readonly number[]): TypedMetricValue {
  return values.every(isWhole)
    ? { type: "sint64[]", value: values.map(BigInt) }
    : { type: "double[]", value: [...values] };
}

function isFloat(value: unknown): value is Float {
  return isKind(value, "Float");
}

const isNumber = (value: unknown) => typeof value === "number";
const isBigint = (value: unknown) => typeof value === "bigint";
const isBoolean = (value: unknown) => typeof value === "boolean";
const isString = (value: unknown) => typeof value === "string";
const isBytes = (value: unknown) => value instanceof Uint8Array;

/**
 * The wire type of a metric: integers and bigints are sint64 (uint64 above its range), other numbers are doubles. An
 * empty list is a list of doubles, as in Flower.
 *
 * @throws FlwrError "invalid-argument" for anything else
 */
export function typedMetric(value: unknown): TypedMetricValue {
  const typed = typedNumeric(value);
  if (typed !== undefined) return typed;
  if (Array.isArray(value) && value.length === 0) return { type: "double[]", value: [] };
  throw new FlwrError(
    "invalid-argument",
    `A metric must be a number, a bigint, or a list of one of them: got ${describeType(value)}`,
  );
}

/**
 * The wire type of a configuration value: like {@link typedMetric}, and also booleans, strings, bytes and lists of one
 * of these types. An empty list is a list of booleans, as in Flower.
 *
 * @throws FlwrError "invalid-argument" for anything else
 */
export function typedConfig(value: unknown): TypedConfigValue {
  const typed = typedNumeric(value);
  if (typed !== undefined) return typed;
  if (typeof value === "boolean") return { type: "bool", value };
  if (typeof value === "string") return { type: "string", value };
  if (value instanceof Uint8Array) return { type: "bytes", value };
  if (Array.isArray(value)) {
    if (value.every(isBoolean)) return { type: "bool[]", value: [...value] };
    if (value.every(isString)) return { type: "string[]", value: [...value] };
    if (value.every(isBytes)) {
      return { type: "bytes[]", value: [...value] };
    }
  }
  throw new FlwrError(
    "invalid-argument",
    "A configuration value must be a number, a bigint, a boolean, a string, a Uint8Array, or a list of one of them: " +
      `got ${describeType(value)}`,
  );
}

/** The typed form of a number or a non-empty list of numbers; undefined for anything else. */
function typedNumeric(value: unknown): TypedMetricValue | undefined {
  if (typeof value === "number") return typedNumber(value);
  if (typeof value === "bigint") return typedBigint(value);
  if (isFloat(value)) {
    return typeof value.value === "number"
      ? { type: "double", value: value.value }
      : { type: "double[]", value: [...value.value] };
  }
  if (Array.isArray(value) && value.length > 0) {
    if (value.every(isNumber)) return typedNumbers(value);
    if (value.every(isBigint)) return typedBigints(value);
  }
  return undefined;
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

/** The value of a metric for apps: integers as numbers if all of them are exact, otherwise as bigints. */
export function plainMetric(typed: TypedMetricValue): MetricValue {
  switch (typed.type) {
    case "double":
      return typed.value;
    case "double[]":
      return [...typed.value];
    case "sint64":
    case "uint64":
      return isSafe(typed.value) ? Number(typed.value) : typed.value;
    case "sint64[]":
    case "uint64[]":
      return typed.value.every(isSafe) ? typed.value.map(Number) : [...typed.value];
  }
}

/** The value of a setting for apps. Bytes are not copied. */
export function plainConfig(typed: TypedConfigValue): ConfigValue {
  switch (typed.type) {
    case "bool":
    case "string":
    case "bytes":
      return typed.value;
    case "bool[]":
      return [...typed.value];
    case "string[]":
      return [...typed.value];
    case "bytes[]":
      return [...typed.value];
    default:
      return plainMetric(typed);
  }
}

/** Whether a typed value can be in a MetricRecord. */
export function isTypedMetric(typed: TypedConfigValue): typed is TypedMetricValue {
  return /^(double|sint64|uint64)(\[\])?$/.test(typed.type);
}
