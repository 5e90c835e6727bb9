import { sha256Hex } from "../base/platform.ts";
import { MANIFEST } from "./manifest.ts";
import { quoted, refused } from "./refusal.ts";

/** The path of a bundle's list of contents. */
export const CONTENTS_PATH = ".info/CONTENT";

/** A line of the list: path, SHA-256, and the size in bits. */
export function contentsLine(path: string, content: Uint8Array): string {
  return `${path},${sha256Hex(content)},${content.length * 8}`;
}

/**
 * Holds a bundle's files to its list of contents, which must name each of them once and nothing else.
 *
 * Flower up to 1.26.1 leaves the manifest, which it writes anew, out of the list, and ends the last line, too; later
 * versions do neither. Such a manifest is taken. The list protects it no less than the other files: both are in the
 * bundle, whose own hash and signatures cover every byte.
 *
 * @throws FlwrError "invalid-argument" naming the file
 */
export function checkContents(list: Uint8Array, files: ReadonlyMap<string, Uint8Array>): void {
  const text = new TextDecoder().decode(list);
  const isOlder = text.endsWith("\n");
  const lines = text.replace(/\n$/, "").split("\n");
  const listed = new Set<string>();
  for (const line of lines) {
    const [path, hash, bits, ...more] = line.split(",") as [string, string?, string?, ...string[]];
    if (hash === undefined || bits === undefined || more.length > 0) {
      throw refused(
        `its ${CONTENTS_PATH} has a line that is not "path,hash,size": ${quoted(line)}`,
      );
    }
    if (listed.has(path)) throw refused(`its ${CONTENTS_PATH} lists ${quoted(path)} twice`);
    listed.add(path);
    const content = files.get(path);
    if (content === undefined) {
      throw refused(`${quoted(path)} of its ${CONTENTS_PATH} is not in it`);
    }
    if (bits !== String(content.length * 8)) {
      throw refused(`${quoted(path)} has another size than its ${CONTENTS_PATH} says`);
    }
    if (hash !== sha256Hex(content)) {
      throw refused(`${quoted(path)} has another hash than its ${CONTENTS_PATH} says`);
    }
  }
  const unlisted = [...files.keys()].find((path) =>
    !listed.has(path) && !(isOlder && path === MANIFEST)
  );
  if (unlisted !== undefined) throw refused(`${quoted(unlisted)} is not in its ${CONTENTS_PATH}`);
}
