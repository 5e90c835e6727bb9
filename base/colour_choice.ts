/** An option of every command, as many programs have it. */
export const NO_COLOR = "--no-color";

let refused = false;

/** Whether the user wants colours where there is a terminal: not with NO_COLOR (no-color.org), nor with `--no-color`. */
export function wantsColours(): boolean {
  return !refused && !Deno.noColor;
}

/** Obeys `--no-color`, for this process. @returns the words of the command line without it */
export function takeNoColor(words: readonly string[]): string[] {
  refused = words.includes(NO_COLOR);
  return words.filter((word) => word !== NO_COLOR);
}
