import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { readZip } from "../../fab/read_zip.ts";
import type { LinkArtifact } from "../../entities/artifact.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import type { CallHead } from "../../rpc/call.ts";
import type { FileResponse } from "../../rpc/http/download.ts";
import { ARTIFACT_LINK_SECONDS, ArtifactDownloads, artifactLinkKey } from "./artifact_downloads.ts";

const FILES: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ["a/b.txt", new Uint8Array([1, 2, 3, 4, 5])],
  ["empty", new Uint8Array()],
];

const CALL = { transport: "http", header: () => "link.example:8000" } as unknown as CallHead;

/** Run 7 has files, in pieces of two bytes. */
function start(hosts?: []) {
  const clock = new FakeClock();
  const artifacts: LinkArtifact[] = FILES.map(([name, bytes], place) => ({
    artifactId: BigInt(place),
    name,
    size: bytes.length,
    crc32: crc32(bytes),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    savedAt: 0,
  }));
  const downloads = new ArtifactDownloads({
    link: {
      artifacts: {
        list: (runId) =>
          runId === 7n
            ? Promise.resolve(artifacts)
            : Promise.reject(new FlwrError("not-found", "no such run")),
        readPiece: (id, offset) => {
          const piece = FILES[Number(id)]![1].subarray(offset, offset + 2);
          return Promise.resolve(piece.length === 0 ? undefined : piece);
        },
      },
    },
    clock,
    hosts,
    linkKey: new Uint8Array(32).fill(5),
  });
  /** Requests a URL. */
  const get = (url: string) => downloads.open(new URL(url).pathname.slice(downloads.prefix.length));
  return { clock, downloads, artifacts, get };
}

async function bytesOf({ length, content }: FileResponse): Promise<Uint8Array> {
  const parts = await Array.fromAsync(content());
  const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
  assert.equal(bytes.length, length);
  return bytes;
}

Deno.test("artifact downloads: all files as a .zip, the list, and each file by its name", async () => {
  const { downloads, artifacts, get } = start();
  downloads.listenOn("0.0.0.0:8000");
  const url = downloads.urlFor(7n, CALL);
  assert.match(url, /^http:\/\/link\.example:8000\/artifacts\/[0-9a-f]{96}\/run-7\.zip$/);
  const archive = await get(url);
  assert.deepEqual(archive.headers, {
    "content-type": "application/zip",
    "content-disposition": 'attachment; filename="run-7.zip"',
  });
  assert.deepEqual([...readZip(await bytesOf(archive))], FILES);
  assert.deepEqual(await bytesOf(await get(url)), await bytesOf(archive));
  const list = JSON.parse(
    new TextDecoder().decode(await bytesOf(await get(new URL("index.json", url).href))),
  );
  assert.deepEqual(list, {
    "run-id": "7",
    artifacts: artifacts.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
  });
  for (const [name, bytes] of FILES) {
    assert.deepEqual(await bytesOf(await get(new URL(`files/${name}`, url).href)), bytes);
  }
});

Deno.test("artifact downloads: other paths, runs and tokens are not found", async () => {
  const { downloads, get } = start();
  downloads.listenOn("0.0.0.0:8000");
  const url = downloads.urlFor(7n, CALL);
  const missing = { code: "not-found" };
  for (const path of ["run-8.zip", "files/a", "files/", ".", "index.json/x", "files/a%2Fb.txt"]) {
    await assert.rejects(get(new URL(path, url).href), missing);
  }
  await assert.rejects(downloads.open("/index.json"), missing);
  await assert.rejects(downloads.open(""), missing);
  await assert.rejects(downloads.open(`${"0".repeat(64)}/index.json`), {
    ...missing,
    message: /flwr pull/,
  });
  await assert.rejects(get(downloads.urlFor(8n, CALL)), missing);
});

Deno.test("artifact downloads: a link expires after a while, and another SuperLink accepts it", async () => {
  const { downloads, get, clock } = start([]);
  downloads.listenOn("127.0.0.1:8000");
  const first = downloads.urlFor(7n, CALL);
  assert.match(first, /^https:/);
  await clock.advance(ARTIFACT_LINK_SECONDS - 1);
  await get(first);
  await clock.advance(1);
  await assert.rejects(get(first), { code: "not-found" });
  // Its clock has the time of the first one's start.
  await start([]).get(first);
});

Deno.test("artifact downloads: the key of links is made once, and damage is reported", async () => {
  const { settings } = new MemoryStore();
  const key = await artifactLinkKey(settings);
  assert.equal(key.length, 32);
  assert.deepEqual(await artifactLinkKey(settings), key);
  await settings.write("artifact-link-key", "abc");
  await assert.rejects(artifactLinkKey(settings), { code: "data-loss" });
});

Deno.test("artifact downloads: without HTTP there are none", () => {
  const { downloads } = start();
  assert.throws(() => downloads.urlFor(7n, CALL), { code: "unimplemented", number: 20 });
});
