import { refuseColours } from "../../base/colour_choice.ts";

/** An option of every command, as many programs have it. */
export const NO_COLOR = "--no-color";

/** Obeys `--no-color`. @returns the words of the command line without it */
export function takeNoColor(words: readonly string[]): string[] {
  refuseColours(words.includes(NO_COLOR));
  return words.filter((word) => word !== NO_COLOR);
}
