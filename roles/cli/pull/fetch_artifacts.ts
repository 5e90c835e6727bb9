import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { type ListedArtifact, readIndex } from "./index_file.ts";

/** Largest list of a run's artifacts, in bytes. A thousand artifacts take 300 kB. */
const MAX_INDEX_BYTES = 2 * 1024 * 1024;

/** Downloads a file in chunks, up to a number of bytes. */
export type ReadFile = (url: URL, maxBytes: number) => AsyncIterable<Uint8Array>;

/**
 * Downloads a run's artifacts to a folder, and replaces existing files. All are downloaded to a temporary folder next to
 * it and checked against their sizes and hashes, before any is moved to the folder.
 *
 * @param folder base URL of the run's artifacts, with a trailing slash
 * @param output path of the target folder
 * @returns the artifacts
 */
export async function fetchArtifacts(
  read: ReadFile,
  folder: URL,
  output: string,
): Promise<ListedArtifact[]> {
  const artifacts = await listArtifacts(read, folder);
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

/** Downloads the list of a run's artifacts. */
export async function listArtifacts(read: ReadFile, folder: URL): Promise<ListedArtifact[]> {
  return readIndex(await readAll(read(new URL("index.json", folder), MAX_INDEX_BYTES)));
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

/** All bytes of a file. */
export async function readAll(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(ReadableStream.from(content)).arrayBuffer());
}
