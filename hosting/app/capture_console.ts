import { formatWithOptions } from "node:util";

/** The functions of `console` that print their arguments as a line. */
const WRITERS = ["log", "info", "warn", "error", "debug", "trace"] as const;

/** Redirects the app's output (console, stdout and stderr) to a log. */
export function captureConsole(log: { write(text: string): void }): void {
  for (const name of WRITERS) {
    console[name] = (...values: unknown[]) =>
      log.write(formatWithOptions({ colors: false }, ...values) + "\n");
  }
  const decoder = new TextDecoder();
  const writeSync = (bytes: Uint8Array) => {
    log.write(decoder.decode(bytes, { stream: true }));
    return bytes.length;
  };
  for (const stream of [Deno.stdout, Deno.stderr]) {
    stream.writeSync = writeSync;
    stream.write = (bytes) => Promise.resolve(writeSync(bytes));
  }
}
