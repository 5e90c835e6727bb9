/** Characters of an artifact's whole name: it becomes a path on whatever system fetches it. */
export const MAX_ARTIFACT_NAME_LENGTH = 200;

/** Folders that an artifact may lie below. */
export const MAX_ARTIFACT_FOLDERS = 4;

/** A name between two slashes: it begins and ends so that no system hides it, shortens it, or takes it for an option. */
const SEGMENT = /^[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+-])?$/;

/** Names that Windows takes for devices, whatever ending follows. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * What is wrong with the name of an artifact; undefined for one that names the same file below any folder on every
 * system: "model.npz", "round-3/model.npz".
 *
 * @returns the rest of a sentence that begins with the name
 */
export function artifactNameFault(name: string): string | undefined {
  if (name.length > MAX_ARTIFACT_NAME_LENGTH) {
    return `is longer than ${MAX_ARTIFACT_NAME_LENGTH} characters: ${name.length}`;
  }
  const segments = name.split("/");
  if (segments.length - 1 > MAX_ARTIFACT_FOLDERS) {
    return `lies deeper than ${MAX_ARTIFACT_FOLDERS} folders: ${segments.length - 1}`;
  }
  for (const segment of segments) {
    if (segment === "" || segment === "." || segment === "..") {
      return "is no plain path: every part between slashes must be a name";
    }
    if (!SEGMENT.test(segment)) {
      return "may have letters, digits and any of ._+- only, and no part of it may begin with " +
        "a point, plus or minus or end in a point";
    }
    if (DEVICE.test(segment)) return "has the name of a device";
  }
  return undefined;
}

/**
 * Whether two names cannot stand side by side on every system: they differ in nothing but upper and lower case, or one
 * is a file where the other needs a folder, or they spell a folder in two ways. A name does not clash with itself.
 */
export function artifactNamesClash(one: string, other: string): boolean {
  if (one === other) return false;
  const [a, b] = [one.split("/"), other.split("/")];
  for (let place = 0; place < Math.min(a.length, b.length); place++) {
    const isFile = place === a.length - 1 || place === b.length - 1;
    if (a[place]!.toLowerCase() !== b[place]!.toLowerCase()) return false;
    if (isFile || a[place] !== b[place]) return true;
  }
  return false;
}
