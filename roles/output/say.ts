import { printable } from "../../base/printable.ts";
import { harmlessLine } from "./log_text.ts";
import { stdoutScreen } from "./screen.ts";

/** Tells the user something, on stderr, in one line: whatever it names, it cannot steer the terminal. */
export function say(sentence: string): void {
  console.error(printable(sentence));
}

/** Prints a line of data, on stdout. It may have colours of our own (`colours.ts`). */
export function printLine(line: string): void {
  console.log(harmlessLine(line, stdoutScreen().colours.enabled));
}
