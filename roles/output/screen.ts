import { wantsColours } from "../../base/colour_choice.ts";
import { type Colours, coloursIf } from "./colours.ts";

/** What is printed to. */
export interface Screen {
  /** Columns of a terminal; undefined for a file or a pipe, whose lines may have any length. */
  readonly width: number | undefined;
  readonly colours: Colours;
}

/** The standard output as a screen. */
export function stdoutScreen(): Screen {
  const terminal = Deno.stdout.isTerminal();
  return { width: terminal ? terminalWidth() : undefined, colours: coloursIf(showsColours()) };
}

/** Whether the standard output is a terminal whose user has not said no to colours. */
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
