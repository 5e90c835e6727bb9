/**
 * Moves an unpacked program to its final place: the last step of a first start (start.sh).
 *
 *     deno run -A place.js UNFINISHED PROGRAM
 *
 * A shell's `mv` is not suitable: if the target folder exists because another start was faster, it moves into that
 * folder.
 */
import { placeProgram } from "./place_program.ts";

const [unfinished, program] = Deno.args;
try {
  await placeProgram(unfinished!, program!);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
