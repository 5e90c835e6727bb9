import { FlwrError } from "../../base/error.ts";
import type { Pair } from "../graph/geometry.ts";

/**
 * Checks that an option is a length. Call it when the layer is created, so that the error's stack names the line of the
 * app.
 *
 * @param least the smallest allowed number
 * @throws FlwrError "invalid-argument" that names the layer, the option and its value
 */
export function requireLength(
  layer: string,
  option: string,
  value: number,
  { least = 1, hints = [] }: { readonly least?: 0 | 1; readonly hints?: readonly string[] } = {},
): void {
  if (isLength(value, least)) return;
  throw refused(layer, option, `a whole number from ${least}`, value, hints);
}

/** Checks that an option is a length, or a pair of lengths for two axes, like {@link requireLength}. */
export function requirePair(
  layer: string,
  option: string,
  value: number | Pair,
  { least = 1, hints = [] }: { readonly least?: 0 | 1; readonly hints?: readonly string[] } = {},
): void {
  const both: unknown = typeof value === "number" ? [value, value] : value;
  if (Array.isArray(both) && both.length === 2 && both.every((n) => isLength(n, least))) return;
  const wanted = `a whole number from ${least}, or two as [height, width]`;
  throw refused(layer, option, wanted, value, hints);
}

function isLength(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function refused(
  layer: string,
  option: string,
  wanted: string,
  value: unknown,
  hints: readonly string[],
): FlwrError {
  // JSON has neither NaN nor undefined.
  const got = typeof value === "number" ? String(value) : JSON.stringify(value);
  return new FlwrError(
    "invalid-argument",
    value === undefined
      ? `Option ${option} of ${layer} is missing: it is ${wanted}`
      : `Option ${option} of ${layer} must be ${wanted}: got ${got}`,
    { hints },
  );
}

/** Hints for other libraries' `padding: "same"` and `"valid"`. */
export function paddingHints(padding: unknown): string[] {
  if (typeof padding !== "string") return [];
  return [
    padding.toLowerCase() === "valid"
      ? "Leave padding out: its default is 0"
      : "For an output as long as the input, at stride 1 and with an odd kernel, set padding to " +
        "dilation · (kernel − 1) / 2",
  ];
}
