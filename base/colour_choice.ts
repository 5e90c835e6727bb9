/** An option that every command accepts. */
export const NO_COLOR = "--no-color";

let refused = false;

/** Whether colours are wanted on a terminal: not with NO_COLOR (no-color.org) or `--no-color`. */
export function wantsColours(): boolean {
  return !refused && !Deno.noColor;
}

/** Applies `--no-color` to this process. @returns the words of the command line without it */
export function applyNoColor(words: readonly string[]): string[] {
  refused = words.includes(NO_COLOR);
  return words.filter((word) => word !== NO_COLOR);
}
