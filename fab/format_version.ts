import { parseRequirement, type Requirement, satisfies } from "./python/requirement.ts";
import { comparePythonVersions, parsePythonVersion } from "./python/version.ts";
import { tableAt, type TomlTable } from "./toml/value.ts";

/** Files allowed in `license = { file = … }`. */
const LICENSE_FILES = ["LICENSE", "LICENSE.md"];

/**
 * Checks an app's tables against its `fab-format-version`. Version 0, the default, requires valid dependencies. Version
 * 1 also requires a licence file, a lower bound of Flower's version in the dependencies, and a `flwr-version-target`
 * that meets it.
 *
 * @returns the faults as sentences, without a full stop
 */
export function formatFaults(manifest: TomlTable): string[] {
  const app = tableAt(manifest, "tool", "flwr", "app");
  const version = app?.get("fab-format-version") ?? 0n;
  if (version !== 0n && version !== 1n) {
    return [`"fab-format-version" in [tool.flwr.app] is not 0 or 1: ${String(version)}`];
  }
  const faults: string[] = [];
  const requirement = flowerRequirement(manifest, faults);
  if (version === 0n) return faults;
  if (licenseFile(manifest) === undefined) {
    faults.push(
      '"license" in [project] is not { file = "LICENSE" } or { file = "LICENSE.md" }, ' +
        "as fab-format-version 1 wants it",
    );
  }
  const lowerBound = lowerBoundOf(requirement);
  if (faults.length === 0 && lowerBound === undefined) {
    faults.push('"dependencies" in [project] has no "flwr>=…", as fab-format-version 1 wants it');
  }
  const target = app?.get("flwr-version-target");
  const parsed = typeof target === "string" ? parsePythonVersion(target) : undefined;
  if (typeof target !== "string" || parsed === undefined) {
    faults.push('"flwr-version-target" in [tool.flwr.app] is not a version');
  } else if (
    lowerBound !== undefined &&
    (comparePythonVersions(parsed, lowerBound) < 0 ||
      !satisfies(parsed, target, requirement!.specifiers))
  ) {
    faults.push(
      `"flwr-version-target" in [tool.flwr.app] does not meet the dependency on flwr: "${target}"`,
    );
  }
  return faults;
}

/** The licence file required by fab-format-version 1; undefined if none is required. */
export function requiredLicense(manifest: TomlTable): string | undefined {
  const version = tableAt(manifest, "tool", "flwr", "app")?.get("fab-format-version");
  return version === 1n ? licenseFile(manifest) : undefined;
}

function licenseFile(manifest: TomlTable): string | undefined {
  const license = tableAt(manifest, "project", "license");
  const file = license?.get("file");
  const named = typeof file === "string" && LICENSE_FILES.includes(file);
  return named && !license!.has("text") ? file : undefined;
}

function flowerRequirement(manifest: TomlTable, faults: string[]): Requirement | undefined {
  const dependencies = tableAt(manifest, "project")?.get("dependencies") ?? [];
  if (!Array.isArray(dependencies)) {
    faults.push('"dependencies" in [project] is not a list');
    return undefined;
  }
  const found: Requirement[] = [];
  for (const dependency of dependencies) {
    const requirement = typeof dependency === "string" ? parseRequirement(dependency) : undefined;
    if (requirement === undefined) {
      faults.push(`"dependencies" in [project] has one that cannot be read: ${String(dependency)}`);
    } else if (requirement.name === "flwr") found.push(requirement);
  }
  if (found.length > 1) faults.push('"dependencies" in [project] has "flwr" more than once');
  return found[0];
}

/** The highest version in a ">=" specifier. */
function lowerBoundOf(requirement: Requirement | undefined) {
  return requirement?.specifiers
    .flatMap(({ operator, version }) => operator === ">=" && version ? [version] : [])
    .toSorted(comparePythonVersions)
    .at(-1);
}
