let refused = false;

/** Whether the user wants colours where there is a terminal: not with NO_COLOR (no-color.org), nor with `--no-color`. */
export function wantsColours(): boolean {
  return !refused && !Deno.noColor;
}

/** Says for this process whether `--no-color` was given. */
export function refuseColours(refuse: boolean): void {
  refused = refuse;
}
