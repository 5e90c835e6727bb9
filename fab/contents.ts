import { sha256Hex } from "../base/platform.ts";
import { MANIFEST } from "./manifest.ts";
import { quoted, refused } from "./refusal.ts";

/** Path of the list of contents in a FAB. */
export const CONTENTS_PATH = ".info/CONTENT";

/** A line of the list of contents: path, SHA-256, and size in bits. */
export function contentsLine(path: string, content: Uint8Array): string {
  return `${path},${sha256Hex(content)},${content.length * 8}`;
}

/**
 * Checks a FAB's files against its list of contents, which must name each file once and nothing else.
 *
 * Flower up to 1.26.1 omits the rewritten manifest from the list, and ends the list with a line break; later versions
 * do neither. Such a list is accepted. That is safe, because the FAB's own hash and signatures cover every byte.
 *
 * @throws FlwrError invalid-argument, naming the file
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
      throw refused(`${quoted(path)}, listed in its ${CONTENTS_PATH}, is missing`);
    }
    if (bits !== String(content.length * 8)) {
      throw refused(`${quoted(path)} does not have the size in its ${CONTENTS_PATH}`);
    }
    if (hash !== sha256Hex(content)) {
      throw refused(`${quoted(path)} does not match the hash in its ${CONTENTS_PATH}`);
    }
  }
  const unlisted = [...files.keys()].find((path) =>
    !listed.has(path) && !(isOlder && path === MANIFEST)
  );
  if (unlisted !== undefined) {
    throw refused(`${quoted(unlisted)} is not listed in its ${CONTENTS_PATH}`);
  }
}
