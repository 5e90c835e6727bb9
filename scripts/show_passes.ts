/**
 * Prints a small network after each stage of the compiler, as shown in docs/compiler.md:
 *
 *     deno run -A scripts/show_passes.ts
 */
import { stages } from "./passes/stages.ts";

for (const { title, text } of stages()) console.log(`${title}\n\n${text}\n`);
