import { printableJson } from "../../base/printable.ts";

/** Prints a value as JSON on stdout. */
export function printJson(value: unknown): void {
  console.log(printableJson(JSON.stringify(value, undefined, 2)));
}

/** Prints a failure as JSON on stdout, with the fields of Flower's own commands. */
export function printFailure(sentence: string): void {
  printJson({ success: false, "error-message": sentence });
}
