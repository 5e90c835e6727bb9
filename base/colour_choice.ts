let refused = false;

/** Whether the user allows colours on terminals: NO_COLOR (no-color.org) and `--no-color` disable them. */
export function wantsColours(): boolean {
  return !refused && !Deno.noColor;
}

/** Records whether `--no-color` was given to this process. */
export function refuseColours(refuse: boolean): void {
  refused = refuse;
}
