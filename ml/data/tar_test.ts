import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../base/error.ts";
import { tarArchive, tarHeader } from "./tar_fixture.ts";
import { readTar } from "./tar.ts";

function streamOf(bytes: Uint8Array, chunk = 700): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += chunk));
    },
  });
}

async function read(bytes: Uint8Array, wanted: (name: string) => boolean = () => true) {
  const entries: [string, string][] = [];
  for await (const { name, bytes: content } of readTar(streamOf(bytes), wanted)) {
    entries.push([name, new TextDecoder().decode(content)]);
  }
  return entries;
}

const text = (value: string) => new TextEncoder().encode(value);

async function assertRefused(archive: Uint8Array, code: string, sentence: RegExp): Promise<void> {
  await assert.rejects(
    read(archive),
    (error) => error instanceof FlwrError && error.code === code && sentence.test(error.message),
  );
}

Deno.test("tar: reads the wanted files in order and skips the others", async () => {
  const archive = tarArchive([
    { name: "package/", type: "5" },
    { name: "package/a", content: text("first") },
    { name: "package/big", content: new Uint8Array(5000) },
    { name: "pax", type: "x", content: text("20 path=elsewhere\n") },
    { name: "package/b", content: text("x".repeat(512)) },
    { name: "package/empty" },
  ]);
  assert.deepEqual(await read(archive, (name) => name !== "package/big"), [
    ["package/a", "first"],
    ["package/b", "x".repeat(512)],
    ["package/empty", ""],
  ]);
});

Deno.test("tar: a caller can stop early, and the stream is cancelled", async () => {
  let cancelled = false;
  const archive = tarArchive([{ name: "a", content: text("1") }, { name: "b" }]);
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(archive),
    cancel: () => void (cancelled = true),
  });
  for await (const { name } of readTar(source, () => true)) {
    assert.equal(name, "a");
    break;
  }
  assert(cancelled);
});

Deno.test("tar: reads a name split over prefix and name", async () => {
  const header = tarHeader({ name: "file", prefix: "some/folder" });
  assert.deepEqual(await read(new Uint8Array([...header, ...new Uint8Array(1024)])), [
    ["some/folder/file", ""],
  ]);
});

for (const name of ["/etc/passwd", "../up", "a/../../up", "a/..", "C:\\x", "a\\b", "a\nb"]) {
  Deno.test(`tar: refuses the path ${JSON.stringify(name)}`, async () => {
    await assertRefused(tarArchive([{ name }]), "invalid-argument", /unsafe path/);
  });
}

for (
  const [what, type] of Object.entries({ "hard link": "1", symlink: "2", device: "3", fifo: "6" })
) {
  Deno.test(`tar: refuses a ${what}`, async () => {
    await assertRefused(
      tarArchive([{ name: "a", type }]),
      "invalid-argument",
      /"a", which is not a file/,
    );
  });
}

Deno.test("tar: refuses a file that is larger than the limit before reading it", async () => {
  const header = tarHeader({ name: "bomb", size: 2 ** 33 - 1 });
  await assertRefused(header, "resource-exhausted", /too large at "bomb"/);
});

Deno.test("tar: refuses more entries than the limit", async () => {
  const many = tarArchive(Array.from({ length: 1001 }, (_, i) => ({ name: `f${i}` })));
  await assertRefused(many, "resource-exhausted", /more than 1000 files/);
});

Deno.test("tar: refuses an archive that ends early, anywhere", async () => {
  const archive = tarArchive([{ name: "a", content: text("content") }]);
  for (const end of [0, 1, 511, 512, 515, 1023, 1024]) {
    await assertRefused(archive.subarray(0, end), "data-loss", /ends too early/);
  }
});

Deno.test("tar: a stream that fails is a damaged archive", async () => {
  const broken = streamOf(text("not gzip")).pipeThrough(
    new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
  await assert.rejects(
    readTar(broken, () => true).next(),
    (error) => error instanceof FlwrError && error.code === "data-loss",
  );
});

Deno.test("tar: a changed header gives a FlwrError or the same content, nothing else", async () => {
  const archive = tarArchive([{ name: "a", content: text("content") }]);
  await fc.assert(
    fc.asyncProperty(fc.nat(511), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const changed = archive.slice();
      changed[at]! ^= change;
      try {
        assert.deepEqual(await read(changed), [["a", "content"]]);
      } catch (error) {
        assert(error instanceof FlwrError, String(error));
      }
    }),
  );
});
