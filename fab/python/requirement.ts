import {
  comparePythonVersions,
  isPrerelease,
  parsePythonVersion,
  type PythonVersion,
} from "./version.ts";

/** A version specifier (PEP 440): one condition on a version. */
export interface Specifier {
  readonly operator: "~=" | "==" | "!=" | "<=" | ">=" | "<" | ">" | "===";
  /** The written version, without the ".*" of {@link anyBelow}. */
  readonly text: string;
  /** The parsed version; undefined for "===", which compares texts. */
  readonly version?: PythonVersion;
  /** Whether ".*" follows, which means any version with this beginning. */
  readonly anyBelow: boolean;
}

const SPECIFIER = /^(===|~=|==|!=|<=|>=|<|>)\s*(.+?)\s*$/;

/** Parses `>=1.20,<2`; undefined if a specifier is malformed. An empty text has no specifiers. */
export function parseSpecifiers(text: string): Specifier[] | undefined {
  const specifiers: Specifier[] = [];
  // A trailing comma is allowed.
  const parts = text.trim().replace(/,$/, "").split(",");
  if (parts.length === 1 && parts[0] === "") return [];
  for (const part of parts) {
    const match = SPECIFIER.exec(part.trim());
    if (match === null) return undefined;
    const operator = match[1] as Specifier["operator"];
    const anyBelow = (operator === "==" || operator === "!=") && match[2]!.endsWith(".*");
    const written = anyBelow ? match[2]!.slice(0, -2) : match[2]!;
    const version = operator === "===" ? undefined : parsePythonVersion(written);
    if (operator !== "===" && version === undefined) return undefined;
    // "~= 1" is invalid, because it would have no upper bound.
    if (operator === "~=" && version!.release.length < 2) return undefined;
    specifiers.push({ operator, text: written, version, anyBelow });
  }
  return specifiers;
}

/**
 * Whether a version meets all specifiers. A pre-release only does if a specifier names a pre-release.
 *
 * @param text the written version, for "==="
 */
export function satisfies(
  version: PythonVersion,
  text: string,
  specifiers: readonly Specifier[],
): boolean {
  const prereleasesWanted = specifiers.some(({ operator, version }) =>
    operator !== "!=" && version !== undefined && isPrerelease(version)
  );
  if (isPrerelease(version) && !prereleasesWanted) return false;
  return specifiers.every((specifier) => meets(version, text, specifier));
}

function meets(version: PythonVersion, text: string, specifier: Specifier): boolean {
  const { operator, anyBelow } = specifier;
  if (operator === "===") {
    return text.trim().replace(/^v/i, "").toLowerCase() === specifier.text.toLowerCase();
  }
  const bound = specifier.version!;
  // Local versions are compared only if the specifier names one.
  const bare = bound.local === undefined ? { ...version, local: undefined } : version;
  const order = comparePythonVersions(bare, bound);
  switch (operator) {
    case "==":
      return anyBelow ? beginsWith(version, bound) : order === 0;
    case "!=":
      return anyBelow ? !beginsWith(version, bound) : order !== 0;
    case "<=":
      return order <= 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0 &&
        (isPrerelease(bound) || !isPrerelease(version) || !sameRelease(bare, bound));
    case ">":
      return order > 0 && (bound.post !== undefined || version.post === undefined ||
        !sameRelease(bare, bound));
    case "~=":
      return order >= 0 &&
        beginsWith(version, { epoch: bound.epoch, release: bound.release.slice(0, -1) });
  }
}

function sameRelease(a: PythonVersion, b: PythonVersion): boolean {
  const release = ({ epoch, release }: PythonVersion): PythonVersion => ({ epoch, release });
  return comparePythonVersions(release(a), release(b)) === 0;
}

/** Whether a version's release begins with another's. */
function beginsWith(version: PythonVersion, { epoch, release }: PythonVersion): boolean {
  return version.epoch === epoch &&
    release.every((number, index) => (version.release[index] ?? 0) === number);
}

/** Name and version specifiers of a Python dependency (PEP 508). */
export interface Requirement {
  readonly name: string;
  /** Empty if there are none, or the dependency has an address. */
  readonly specifiers: readonly Specifier[];
}

const NAME = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[A-Za-z0-9._,\s-]*\])?\s*/;

/** Parses `flwr[simulation]>=1.20,<2; python_version > "3.9"`; undefined if malformed. */
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
