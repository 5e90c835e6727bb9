import { printable } from "./printable.ts";

/** Longest name of a node, in UTF-16 code units: several stand in one line. */
export const MAX_NODE_NAME_LENGTH = 64;

/**
 * What is wrong with a node's name, as the end of a sentence: "is empty". Undefined for a name that may be used: 1 to
 * {@link MAX_NODE_NAME_LENGTH} characters, all of which a reader sees, and no blank at either end.
 */
export function nodeNameProblem(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.length > MAX_NODE_NAME_LENGTH) {
    return `has ${name.length} characters: at most ${MAX_NODE_NAME_LENGTH} are taken`;
  }
  if (printable(name) !== name) return `has a character that cannot be seen: "${printable(name)}"`;
  if (name.trim() !== name) return "has a blank at an end";
  return undefined;
}
