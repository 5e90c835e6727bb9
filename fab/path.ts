import { utf8Length } from "../base/characters.ts";
import { MAX_FOLDER_DEPTH } from "./limits.ts";

/** UTF-8 bytes of a name between two slashes: what file systems take. */
const MAX_SEGMENT_BYTES = 255;

/** UTF-8 bytes of a whole path in a bundle: leaves room for the folder it is installed to. */
const MAX_PATH_BYTES = 1024;

/** Names that Windows takes for devices, whatever ending follows. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * What is wrong with the path of a file in a bundle; undefined for one that names the same file below the app's folder
 * on every system.
 *
 * @returns the rest of a sentence that begins with the path
 */
export function pathFault(path: string): string | undefined {
  const bytes = utf8Length(path);
  if (bytes > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes: ${bytes}`;
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (/[\x00-\x1f\x7f-\x9f]/.test(path)) return "has a control character";
  if (path.includes("\\")) return "has a backslash";
  if (path.startsWith("/")) return "is absolute";
  if (/[:*?"<>|]/.test(path)) return 'has one of the characters :*?"<>|';
  // A bundle's list of contents is separated by commas.
  if (path.includes(",")) return "has a comma";
  const segments = path.split("/");
  if (segments.length - 1 > MAX_FOLDER_DEPTH) {
    return `lies deeper than ${MAX_FOLDER_DEPTH} folders: ${segments.length - 1}`;
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
  if (/[. ]$/.test(segment)) return "has a name that ends in a point or a space";
  if (DEVICE.test(segment)) return "has the name of a device";
  const bytes = utf8Length(segment);
  if (bytes > MAX_SEGMENT_BYTES) {
    return `has a name longer than ${MAX_SEGMENT_BYTES} bytes: ${bytes}`;
  }
  return undefined;
}

/**
 * What is wrong with paths that stand side by side: two that some file system takes for the same, because it does not
 * tell upper from lower case or one way of composing letters from another, or a file where another needs a folder.
 *
 * @returns a sentence
 */
export function collision(paths: Iterable<string>): string | undefined {
  const files = new Map<string, string>();
  const folders = new Map<string, { path: string; spelled: string }>();
  for (const path of paths) {
    const key = fold(path);
    const twin = files.get(key);
    if (twin !== undefined) return `"${path}" and "${twin}" are one file on some systems`;
    files.set(key, path);
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      const spelled = path.slice(0, end);
      const known = folders.get(fold(spelled));
      if (known === undefined) folders.set(fold(spelled), { path, spelled });
      else if (known.spelled !== spelled) {
        return `"${path}" and "${known.path}" are in one folder on some systems`;
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

/** One form for all spellings that a file system may take for the same. */
function fold(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}
