import type { LinkScalar } from "../../entities/run.ts";

/** What JSON cannot hold stands under a mark of its own. */
type JsonScalar =
  | boolean
  | string
  | { readonly int: string }
  | { readonly float: string }
  | { readonly bytes: string };

/** A run's configuration as JSON: whole and floating-point numbers stay apart, and none loses a digit. */
export function configToText(config: Readonly<Record<string, LinkScalar>>): string {
  const entries = Object.entries(config).map(([key, value]): [string, JsonScalar] => {
    if (typeof value === "bigint") return [key, { int: value.toString() }];
    // Also NaN and the infinities, which JSON does not know, and the sign of zero.
    if (typeof value === "number") {
      return [key, { float: Object.is(value, -0) ? "-0" : `${value}` }];
    }
    if (value instanceof Uint8Array) return [key, { bytes: value.toBase64() }];
    return [key, value];
  });
  return JSON.stringify(entries);
}

/** The reverse of {@link configToText}. */
export function configFromText(text: string): Record<string, LinkScalar> {
  const entries: [string, JsonScalar][] = JSON.parse(text);
  return Object.fromEntries(entries.map(([key, value]): [string, LinkScalar] => {
    if (typeof value !== "object") return [key, value];
    if ("int" in value) return [key, BigInt(value.int)];
    if ("float" in value) return [key, Number(value.float)];
    return [key, Uint8Array.fromBase64(value.bytes)];
  }));
}
