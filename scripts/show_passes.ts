/**
 * Prints what each stage of the compiler makes of a small network, as docs/compiler.md shows it:
 *
 *     deno run -A scripts/show_passes.ts
 */
import { stages } from "./passes/stages.ts";

for (const { title, text } of stages()) console.log(`${title}\n\n${text}\n`);
