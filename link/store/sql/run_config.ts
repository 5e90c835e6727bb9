import type { LinkScalar } from "../../../entities/run.ts";

/** JSON form of a scalar. Types that JSON does not have are objects with one tagged key. */
type JsonScalar =
  | boolean
  | string
  | { readonly int: string }
  | { readonly float: string }
  | { readonly bytes: string };

/** Encodes a run's configuration as JSON, with exact numbers, and with integers distinct from floats. */
export function configToText(config: Readonly<Record<string, LinkScalar>>): string {
  const entries = Object.entries(config).map(([key, value]): [string, JsonScalar] => {
    if (typeof value === "bigint") return [key, { int: value.toString() }];
    // As text, because JSON has no NaN and no infinities, and JavaScript's text of -0 is "0".
    if (typeof value === "number") {
      return [key, { float: Object.is(value, -0) ? "-0" : `${value}` }];
    }
    if (value instanceof Uint8Array) return [key, { bytes: value.toBase64() }];
    return [key, value];
  });
  return JSON.stringify(entries);
}

/** Decodes the result of {@link configToText}. */
export function configFromText(text: string): Record<string, LinkScalar> {
  const entries: [string, JsonScalar][] = JSON.parse(text);
  return Object.fromEntries(entries.map(([key, value]): [string, LinkScalar] => {
    if (typeof value !== "object") return [key, value];
    if ("int" in value) return [key, BigInt(value.int)];
    if ("float" in value) return [key, Number(value.float)];
    return [key, Uint8Array.fromBase64(value.bytes)];
  }));
}
