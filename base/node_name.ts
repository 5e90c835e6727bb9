import { printable } from "./printable.ts";

/** Longest name of a node, in UTF-16 code units: several names are shown in one line. */
export const MAX_NODE_NAME_LENGTH = 64;

/**
 * The fault of a node's name, as the end of a sentence: "is empty". Undefined for a valid name: 1 to {@link
 * MAX_NODE_NAME_LENGTH} visible characters, without spaces at its ends.
 */
export function nodeNameProblem(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.length > MAX_NODE_NAME_LENGTH) {
    return `has ${name.length} characters: at most ${MAX_NODE_NAME_LENGTH} are allowed`;
  }
  if (printable(name) !== name) return `has an invisible character: "${printable(name)}"`;
  if (name.trim() !== name) return "begins or ends with a space";
  return undefined;
}
