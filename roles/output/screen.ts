import { wantsColours } from "../../base/colour_choice.ts";
import { type Colours, coloursIf } from "./colours.ts";

/** The target of printed output: a terminal, a file or a pipe. */
export interface Screen {
  /** Columns of a terminal. Undefined for a file or a pipe, whose lines may have any length. */
  readonly width: number | undefined;
  readonly colours: Colours;
}

/** Returns stdout as a screen. */
export function stdoutScreen(): Screen {
  const terminal = Deno.stdout.isTerminal();
  return { width: terminal ? terminalWidth() : undefined, colours: coloursIf(showsColours()) };
}

/** Whether stdout is a terminal, and colours are not disabled. */
function showsColours(): boolean {
  return Deno.stdout.isTerminal() && wantsColours() && Deno.env.get("TERM") !== "dumb";
}

function terminalWidth(): number | undefined {
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? columns : undefined;
  } catch {
    return undefined;
  }
}
