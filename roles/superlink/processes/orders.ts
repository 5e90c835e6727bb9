import { readLines } from "./read_lines.ts";

/** Environment variable of a process that gets its orders from the one that started it. */
const MARK = "FLWR_SUPERLINK_PROCESS";

/** What one of several SuperLink processes gets from the process that started them, in JSON on its stdin. */
export interface Orders {
  /** Its number, from 1. */
  readonly number: number;
  /** The actual addresses that all the processes listen on, by listener. */
  readonly listeners: Readonly<Record<string, string>>;
  /** Scalar of the SuperLink's own key in hexadecimal, if no file has one: it must be the same in all processes. */
  readonly ownKey?: string;
  /** Whether the starting process writes the log to a file. */
  readonly logsToFile: boolean;
}

/** A message to the process that started this one, in JSON on stdout. */
export type Report =
  /** It serves. */
  | { readonly kind: "ready" }
  /** A line for the log file. */
  | { readonly kind: "line"; readonly text: string };

/** The connection of a process to the one that started it. */
export interface Starter {
  readonly orders: Orders;
  /** Aborted when the starting process has ended: this one must end, too. */
  readonly gone: AbortSignal;
  report(report: Report): void;
}

/** The environment of a process that gets orders. */
export const ORDERED: Readonly<Record<string, string>> = { [MARK]: "1" };

/** The process that started this one and gives it orders. Undefined if a user or a service manager started it. */
export async function findStarter(): Promise<Starter | undefined> {
  if (Deno.env.get(MARK) === undefined) return undefined;
  // No app inherits it.
  Deno.env.delete(MARK);
  const lines = readLines(Deno.stdin.readable);
  const { value: first = "" } = await lines.next();
  const orders = JSON.parse(first) as Orders;
  const gone = new AbortController();
  void lines.next().then(() => gone.abort("the process that started this one has ended"));
  return {
    orders,
    gone: gone.signal,
    report(report) {
      const bytes = new TextEncoder().encode(`${JSON.stringify(report)}\n`);
      try {
        for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
      } catch {
        // The starting process has ended, which `gone` says.
      }
    },
  };
}
