import { refuseColours } from "../../base/colour_choice.ts";

/** An option that every command accepts. */
export const NO_COLOR = "--no-color";

/** Applies `--no-color`. @returns the words of the command line without it */
export function applyNoColor(words: readonly string[]): string[] {
  refuseColours(words.includes(NO_COLOR));
  return words.filter((word) => word !== NO_COLOR);
}
