import { fileURLToPath } from "node:url";
import { ORDERED, type Orders, type Report } from "./orders.ts";
import { readLines } from "./read_lines.ts";
import type { SupervisedProcess } from "./supervisor.ts";

/** As in scripts/install/launcher.ts: fewer collections of garbage, as calls leave much of it. */
const HEAP = "--v8-flags=--min-semi-space-size=8";

/**
 * Starts this program again with the same command line and with orders. Its log goes to the same stderr.
 *
 * @param onLine called with each line for the log file
 */
export function spawnSelf(orders: Orders, onLine: (line: string) => void): SupervisedProcess {
  const program = Deno.build.standalone
    ? []
    : ["run", "-A", "--quiet", HEAP, fileURLToPath(Deno.mainModule)];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...program, ...Deno.args],
    env: ORDERED,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  // Stays open: its end tells the process that this one has ended.
  const orderLine = child.stdin.getWriter();
  orderLine.write(new TextEncoder().encode(`${JSON.stringify(orders)}\n`)).catch(() => {});
  const ready = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const line of readLines(child.stdout)) {
      const report = JSON.parse(line) as Report;
      if (report.kind === "ready") ready.resolve();
      else onLine(report.text);
    }
  })();
  return {
    pid: child.pid,
    ready: ready.promise,
    ended: child.status.then(async ({ code, signal }) => {
      await reading;
      await orderLine.close().catch(() => {});
      return signal ?? `exit status ${code}`;
    }),
    signal(signal) {
      try {
        child.kill(signal);
      } catch {
        // it has ended
      }
    },
  };
}
