import { utf8Length } from "../base/characters.ts";
import { MAX_FOLDER_DEPTH } from "./limits.ts";

/** Longest segment of a path in UTF-8 bytes: the limit of file systems. */
const MAX_SEGMENT_BYTES = 255;

/** Longest path in a FAB in UTF-8 bytes, which leaves room for the folder in which it is installed. */
const MAX_PATH_BYTES = 1024;

/** Names of devices in Windows, with any ending. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * Checks the path of a file in a FAB. A valid path names the same file within the app's folder on every system.
 *
 * @returns what is wrong, as the end of a sentence that begins with the path; undefined if it is valid
 */
export function pathFault(path: string): string | undefined {
  const bytes = utf8Length(path);
  if (bytes > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes: ${bytes}`;
  // deno-lint-ignore no-control-regex -- it looks for control characters
  if (/[\x00-\x1f\x7f-\x9f]/.test(path)) return "has a control character";
  if (path.includes("\\")) return "has a backslash";
  if (path.startsWith("/")) return "is absolute";
  if (/[:*?"<>|]/.test(path)) return 'has one of the characters :*?"<>|';
  // The list of contents is separated by commas.
  if (path.includes(",")) return "has a comma";
  const segments = path.split("/");
  if (segments.length - 1 > MAX_FOLDER_DEPTH) {
    return `is nested in more than ${MAX_FOLDER_DEPTH} folders: ${segments.length - 1}`;
  }
  for (const segment of segments) {
    const fault = segmentFault(segment);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function segmentFault(segment: string): string | undefined {
  if (segment === "") return "has a name that is empty, or is a folder";
  if (segment === "." || segment === "..") return `goes through "${segment}"`;
  if (/[. ]$/.test(segment)) return "has a name that ends with a dot or a space";
  if (DEVICE.test(segment)) return "has the name of a Windows device";
  const bytes = utf8Length(segment);
  if (bytes > MAX_SEGMENT_BYTES) {
    return `has a name longer than ${MAX_SEGMENT_BYTES} bytes: ${bytes}`;
  }
  return undefined;
}

/**
 * Checks that paths do not collide: two paths can be the same on a file system that ignores case or Unicode
 * composition, and a file can be where another path needs a folder.
 *
 * @returns what is wrong, as a sentence; undefined if nothing collides
 */
export function collision(paths: Iterable<string>): string | undefined {
  const files = new Map<string, string>();
  const folders = new Map<string, { path: string; spelled: string }>();
  for (const path of paths) {
    const key = fold(path);
    const twin = files.get(key);
    if (twin !== undefined) return `"${path}" and "${twin}" are the same file on some systems`;
    files.set(key, path);
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      const spelled = path.slice(0, end);
      const known = folders.get(fold(spelled));
      if (known === undefined) folders.set(fold(spelled), { path, spelled });
      else if (known.spelled !== spelled) {
        return `"${path}" and "${known.path}" are in the same folder on some systems`;
      }
    }
  }
  for (const [key, path] of files) {
    const inside = folders.get(key);
    if (inside !== undefined) {
      return `"${path}" is a file, but "${inside.path}" needs a folder there`;
    }
  }
  return undefined;
}

/** Normalises a path, so that spellings that a file system may treat as equal become equal. */
function fold(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}
