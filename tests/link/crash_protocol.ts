import type { Link } from "../../link/link.ts";
import type { DurableStep } from "../../link/store/sqlite/sqlite_store.ts";

/** Limits of finished runs and their logs in the crash test; the logs of one or two runs fit. */
export const KEPT_RUNS = 5;
export const KEPT_LOG_BYTES = 80;

/** A request of the crash test: a method of the domain, passing time, the store's usage, or a failpoint. */
export type Operation =
  | { [Noun in Nouns]: `${Noun}.${keyof Link[Noun] & string}` }[Nouns]
  | "advance"
  | "usage"
  | "arm";
type Nouns = Exclude<keyof Link, "close" | "drain">;

/** A call, one on each line of the SuperLink's standard input. */
export interface Call {
  readonly operation: Operation;
  readonly input: readonly unknown[];
}

/** The response to a call, one on each line of standard output: the result, or the code of the error. */
export type Answer = { readonly output: unknown } | { readonly code: string };

/** Where a SuperLink crashes: at a step of the `occurrence`-th such call of its process, from 1. */
export interface Failpoint {
  readonly operation: Operation;
  readonly step: DurableStep;
  readonly occurrence: number;
}

/** JSON with 64-bit integers, bytes and maps. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === "bigint") return { $integer: each.toString() };
    if (each instanceof Uint8Array) return { $bytes: each.toHex() };
    if (each instanceof Map) return { $map: [...each] };
    return each;
  });
}

export function decode(line: string): unknown {
  return JSON.parse(line, (_, each) => {
    if (typeof each?.$integer === "string") return BigInt(each.$integer);
    if (typeof each?.$bytes === "string") return Uint8Array.fromHex(each.$bytes);
    if (Array.isArray(each?.$map)) return new Map(each.$map);
    return each;
  });
}
