/** The flag of all commands that disables colours. */
export const NO_COLOR = "--no-color";

let refused = false;

/** Whether the user allows colours on terminals: NO_COLOR (no-color.org) and `--no-color` disable them. */
export function wantsColours(): boolean {
  return !refused && !Deno.noColor;
}

/** Applies `--no-color` to this process. @returns the arguments of the command line without it */
export function takeNoColor(words: readonly string[]): string[] {
  refused = words.includes(NO_COLOR);
  return words.filter((word) => word !== NO_COLOR);
}
