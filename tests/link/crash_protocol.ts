import type { Link } from "../../link/link.ts";
import type { DurableStep } from "../../link/store/sqlite.ts";

/** How many finished runs its SuperLink keeps, and how much of their logs: that of one or two. */
export const KEPT_RUNS = 5;
export const KEPT_LOG_BYTES = 80;

/** What the crash test asks of its SuperLink: a method of the domain, time to pass, or what the store holds. */
export type Operation =
  | { [Noun in Nouns]: `${Noun}.${keyof Link[Noun] & string}` }[Nouns]
  | "advance"
  | "usage";
type Nouns = Exclude<keyof Link, "close">;

/** A call, one per line on the SuperLink's standard input. */
export interface Call {
  readonly operation: Operation;
  readonly input: readonly unknown[];
}

/** What answers a call, one per line on its standard output: what it returned, or the code of what it threw. */
export type Answer = { readonly output: unknown } | { readonly code: string };

/** Where a SuperLink dies: at the step of the `occurrence`-th such call of this process, counted from 1. */
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
