import { parseSpecifiers, type Specifier } from "./specifier.ts";

/** A dependency of a Python project: PEP 508, as far as its name and versions. */
export interface Requirement {
  readonly name: string;
  /** Empty for one without conditions, or with an address. */
  readonly specifiers: readonly Specifier[];
}

const NAME = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[A-Za-z0-9._,\s-]*\])?\s*/;

/** Reads `flwr[simulation]>=1.20,<2; python_version > "3.9"`; undefined when it is malformed. */
export function parseRequirement(text: string): Requirement | undefined {
  const [wanted = "", marker] = text.trim().split(/;(.*)/s);
  if (marker !== undefined && marker.trim() === "") return undefined;
  const match = NAME.exec(wanted);
  if (match === null) return undefined;
  const name = match[1]!;
  const rest = wanted.slice(match[0].length).trim();
  if (rest.startsWith("@")) return rest.length > 1 ? { name, specifiers: [] } : undefined;
  const specifiers = parseSpecifiers(rest.replace(/^\((.*)\)$/, "$1"));
  return specifiers && { name, specifiers };
}
