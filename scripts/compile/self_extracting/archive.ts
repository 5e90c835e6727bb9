import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { createTar } from "nanotar";
import { utf8Length } from "../../../base/characters.ts";
import { FlwrError } from "../../../base/error.ts";

/** Longest path that the archive's format supports, in bytes. */
const MAX_PATH_BYTES = 100;

/** Number of bytes to compress at a time. */
const PIECE_BYTES = 4 << 20;

/**
 * The time of all files. They are older than anything that is written later, by which start.sh detects changes, and the
 * same contents give the same archive.
 */
const TIME = Date.UTC(1980, 0, 1, 12);

/**
 * Creates a gzip-compressed tar archive, which `gzip -dc | tar -xf -` unpacks anywhere. Its files are readable only by
 * their owner, and not writable.
 *
 * @param files the contents by their paths
 * @param programs the paths of executable files
 * @throws FlwrError "internal" when a path is too long for the format
 */
export async function makeArchive(
  files: ReadonlyMap<string, Uint8Array>,
  programs: ReadonlySet<string>,
): Promise<Uint8Array> {
  const names = [...files.keys()].toSorted();
  for (const name of names) {
    if (utf8Length(name) <= MAX_PATH_BYTES) continue;
    throw new FlwrError("internal", `"${name}" is longer than ${MAX_PATH_BYTES} bytes`);
  }
  const tar = createTar(
    names.map((name) => ({
      name,
      data: files.get(name)!,
      attrs: { mode: programs.has(name) ? "500" : "400" },
    })),
    { attrs: { mtime: TIME, uid: 0, gid: 0 } },
  );
  return await compress(tar);
}

/** Pieces are compressed concurrently; concatenated, they form one gzip file. */
async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    pieces.push(bytes.subarray(start, start + PIECE_BYTES));
  }
  const compressed = await Promise.all(pieces.map((piece) => promisify(gzip)(piece)));
  return new Uint8Array(await new Blob(compressed).arrayBuffer());
}
