/**
 * Puts an unpacked program where it runs from: the last step of a first start (start.sh).
 *
 *     deno run -A place.js UNFINISHED PROGRAM
 *
 * A shell's `mv` cannot do it: if the target is a folder because another start was faster, it moves into that folder.
 */
import { placeProgram } from "./place_program.ts";

const [unfinished, program] = Deno.args;
try {
  await placeProgram(unfinished!, program!);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
