import {
  comparePythonVersions,
  isPrerelease,
  parsePythonVersion,
  type PythonVersion,
} from "./version.ts";

/** One condition on a version: PEP 440's version specifiers. */
export interface Specifier {
  readonly operator: "~=" | "==" | "!=" | "<=" | ">=" | "<" | ">" | "===";
  /** As it is written, without the ".*" of {@link anyBelow}. */
  readonly text: string;
  /** Undefined for "===", which compares texts. */
  readonly version?: PythonVersion;
  /** Whether ".*" follows: any version that begins so. */
  readonly anyBelow: boolean;
}

const SPECIFIER = /^(===|~=|==|!=|<=|>=|<|>)\s*(.+?)\s*$/;

/** Reads `>=1.20,<2`; undefined when a condition is malformed. An empty text is no condition. */
export function parseSpecifiers(text: string): Specifier[] | undefined {
  const specifiers: Specifier[] = [];
  // One comma may stand at the end.
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
    // "~= 1" would leave nothing to go up within.
    if (operator === "~=" && version!.release.length < 2) return undefined;
    specifiers.push({ operator, text: written, version, anyBelow });
  }
  return specifiers;
}

/**
 * Whether a version meets all conditions. One before a release does so only where a condition names such a version.
 *
 * @param text the version as it is written, which "===" compares
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
  // Only an exact condition that names a local version looks at local versions.
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
