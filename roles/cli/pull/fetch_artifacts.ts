import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { type ListedArtifact, readIndex } from "./index_file.ts";

/** Bytes of the list of a run's artifacts that are read: a thousand of them take 300 kB. */
const MAX_INDEX_BYTES = 2 * 1024 * 1024;

/** Gives a file's bytes as they come, no more than it may have. */
export type ReadFile = (url: URL, maxBytes: number) => AsyncIterable<Uint8Array>;

/**
 * Fetches a run's artifacts into a folder that is not there or empty, or replaces files of one that is. All of them are
 * fetched and held to their sizes and hashes beside it first: until then nothing in it changes.
 *
 * @param folder URL of the run's artifacts, with a slash at its end
 * @param output where to put them
 * @returns what was fetched
 */
export async function fetchArtifacts(
  read: ReadFile,
  folder: URL,
  output: string,
): Promise<ListedArtifact[]> {
  const artifacts = readIndex(await whole(read(new URL("index.json", folder), MAX_INDEX_BYTES)));
  const staging = `${output}.unfinished-${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(staging, { recursive: true });
    for (const artifact of artifacts) {
      const path = join(staging, artifact.name);
      await Deno.mkdir(dirname(path), { recursive: true });
      await save(read(new URL(`files/${artifact.name}`, folder), artifact.size), artifact, path);
    }
    for (const { name } of artifacts) {
      const path = join(output, name);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.rename(join(staging, name), path);
    }
  } catch (cause) {
    if (cause instanceof FlwrError) throw cause;
    throw new FlwrError("failed-precondition", `Cannot write artifacts to "${output}"`, {
      cause,
      hints: ["Check the free disk space and the folder's permissions"],
    });
  } finally {
    await Deno.remove(staging, { recursive: true }).catch(() => {});
  }
  return artifacts;
}

async function save(
  content: AsyncIterable<Uint8Array>,
  { name, size, sha256 }: ListedArtifact,
  path: string,
): Promise<void> {
  const hash = createHash("sha256");
  let received = 0;
  using file = await Deno.open(path, { write: true, createNew: true });
  for await (const part of content) {
    hash.update(part);
    received += part.length;
    for (let written = 0; written < part.length;) {
      written += await file.write(part.subarray(written));
    }
  }
  if (received === size && hash.digest("hex") === sha256) return;
  throw new FlwrError(
    "data-loss",
    `Artifact "${name}" is damaged: got ${received} of ${size} bytes, and the hash does not match`,
    { hints: ["Try again: it may have been replaced or removed during the download"] },
  );
}

async function whole(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(ReadableStream.from(content)).arrayBuffer());
}
