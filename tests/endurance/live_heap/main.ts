/**
 * The program, which on SIGUSR1 collects its garbage and writes the bytes of JavaScript objects that are left, as one
 * line of JSON on stderr. Resident memory cannot tell a leak from a heap that V8 and malloc keep for later.
 *
 * Needs V8's flag --expose-gc (environment: DENO_V8_FLAGS).
 */
import { main } from "../../../main.ts";

const { gc } = globalThis as unknown as { gc?: () => void };
if (gc === undefined) throw new Error("DENO_V8_FLAGS=--expose-gc is missing");

Deno.addSignalListener("SIGUSR1", () => {
  // what the first collection lets finalizers free goes with the second
  gc();
  gc();
  console.error(JSON.stringify({ heapUsed: Deno.memoryUsage().heapUsed }));
});

Deno.exit(await main(Deno.args));
