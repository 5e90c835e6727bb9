import { ATTACHMENTS_PATH, readAttachmentList } from "./attachments.ts";
import { languagesOf, readAppConfig } from "./app_config.ts";
import { sha256Hex } from "../base/platform.ts";
import { checkContents, CONTENTS_PATH } from "./contents.ts";
import type { CheckedFab } from "./fab.ts";
import { MAX_FAB_BYTES } from "./limits.ts";
import { MANIFEST } from "./manifest.ts";
import { collision, pathFault } from "./path.ts";
import { quoted, refused, tooLarge } from "./refusal.ts";
import { parseToml } from "./toml/parse.ts";
import { readZip } from "./read_zip.ts";

/**
 * Reads a FAB and checks all of it: the format of the archive, the paths, sizes and hashes of its files, and the
 * manifest. Writes nothing. The files are views of `content`, not copies.
 *
 * @param content the archive, from any source
 * @throws FlwrError invalid-argument, naming what is wrong; resource-exhausted beyond the limits
 */
export function readFab(content: Uint8Array): CheckedFab {
  if (content.length > MAX_FAB_BYTES) {
    throw tooLarge(`it has ${content.length} bytes; the limit is ${MAX_FAB_BYTES}`);
  }
  const files = readZip(content);
  for (const path of files.keys()) {
    const fault = pathFault(path);
    if (fault !== undefined) throw refused(`${quoted(path)} ${fault}`);
  }
  checkPaths(files.keys());
  const list = files.get(CONTENTS_PATH);
  if (list === undefined) throw refused(`it has no ${CONTENTS_PATH}`);
  files.delete(CONTENTS_PATH);
  checkContents(list, files);
  const manifest = files.get(MANIFEST);
  if (manifest === undefined) throw refused(`it has no ${MANIFEST}`);
  const config = readAppConfig(parseToml(manifest, MANIFEST), MANIFEST, (path) => files.has(path));
  const attached = files.get(ATTACHMENTS_PATH);
  // Flower has no attachments, so in a Python app a file with this name has no meaning.
  const attachments = attached !== undefined && languagesOf(config) === "typescript"
    ? readAttachmentList(attached)
    : [];
  checkPaths([...files.keys(), ...attachments.map(({ path }) => path)]);
  return { hash: sha256Hex(content), config, files, attachments };
}

/** Refuses paths that collide. @throws FlwrError invalid-argument */
function checkPaths(paths: Iterable<string>): void {
  const clash = collision(paths);
  if (clash !== undefined) throw refused(clash);
}
