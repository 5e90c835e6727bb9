import { printable } from "../../base/printable.ts";
import { sanitisedLine } from "./log_text.ts";
import { stdoutScreen } from "./screen.ts";

/** Prints a message for the user on stderr, as one line. Control characters are escaped. */
export function printMessage(message: string): void {
  console.error(printable(message));
}

/** Prints a line of a command's result on stdout. It may have colours of our own (`colours.ts`). */
export function printLine(line: string): void {
  console.log(sanitisedLine(line, stdoutScreen().colours.enabled));
}
