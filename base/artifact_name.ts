/** Longest name of an artifact, in characters: it becomes a path on any system that downloads it. */
export const MAX_ARTIFACT_NAME_LENGTH = 200;

/** Most folders in an artifact's path. */
export const MAX_ARTIFACT_FOLDERS = 4;

/**
 * A part of the path between slashes. Its first and last characters ensure that no system hides it, shortens it, or
 * treats it as an option.
 */
const SEGMENT = /^[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+-])?$/;

/** Names that Windows treats as devices, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * The fault of an artifact's name; undefined for a name that denotes the same file below any folder on every system:
 * "model.npz", "round-3/model.npz".
 *
 * @returns the rest of a sentence that begins with the name
 */
export function artifactNameFault(name: string): string | undefined {
  if (name.length > MAX_ARTIFACT_NAME_LENGTH) {
    return `is longer than ${MAX_ARTIFACT_NAME_LENGTH} characters: ${name.length}`;
  }
  const segments = name.split("/");
  if (segments.length - 1 > MAX_ARTIFACT_FOLDERS) {
    return `is in more than ${MAX_ARTIFACT_FOLDERS} nested folders: ${segments.length - 1}`;
  }
  for (const segment of segments) {
    if (segment === "" || segment === "." || segment === "..") {
      return "is not a plain path: each part between slashes must be a name";
    }
    if (!SEGMENT.test(segment)) {
      return "may only contain letters, digits and ._+-, and no part of it may begin with " +
        "a point, plus or minus or end in a point";
    }
    if (DEVICE.test(segment)) return "has the name of a Windows device";
  }
  return undefined;
}

/**
 * Whether two names cannot exist together on every system: they differ only in case, one is a file where the other
 * needs a folder, or they spell a folder in two ways. A name does not clash with itself.
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
