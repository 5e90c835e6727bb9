import assert from "node:assert/strict";
import { join } from "node:path";
import { encode } from "fast-png";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { readImageFolder } from "./image_folder.ts";

const picture = (value: number, channels = 3, width = 2) =>
  encode({ width, height: 1, channels, data: new Uint8Array(width * channels).fill(value) });

async function withFiles(
  files: Record<string, Uint8Array>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of Object.entries(files)) {
      await Deno.mkdir(join(folder, name, ".."), { recursive: true });
      await Deno.writeFile(join(folder, name), bytes);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function assertRefused(folder: string, code: ErrorCode, sentence: RegExp): Promise<void> {
  await assert.rejects(
    readImageFolder(folder),
    (error) => error instanceof FlwrError && error.code === code && sentence.test(error.message),
  );
}

const FILES = {
  "oak/b.png": picture(2),
  "oak/a.PNG": picture(1),
  "elm/a.png": picture(3),
  "elm/.hidden": new Uint8Array(),
  "notes.txt": new Uint8Array(),
};

Deno.test("image folder: classes and pictures in ascending order of their names", () =>
  withFiles(FILES, async (folder) => {
    const { x, y, classes } = await readImageFolder(folder);
    assert.deepEqual(classes, ["elm", "oak"]);
    assert.deepEqual(x.shape, [3, 3, 1, 2]);
    assert.deepEqual([...x.data].filter((_, i) => i % 6 === 0), [3, 1, 2]);
    assert.deepEqual(y.data, new BigInt64Array([0n, 1n, 1n]));
  }));

Deno.test("image folder: given classes keep their labels where one is missing", () =>
  withFiles(FILES, async (folder) => {
    const classes = ["ash", "oak", "elm"];
    const { y } = await readImageFolder(folder, { classes });
    assert.deepEqual([...y.data], [1n, 1n, 2n]);
  }));

Deno.test("image folder: a picture that does not fit is named", async () => {
  await withFiles(
    { "a/1.png": picture(1), "a/2.png": picture(1, 3, 4) },
    (folder) =>
      assertRefused(folder, "invalid-argument", /2\.png" has 4×1 pixels in colour: .* 2×1 pixels/),
  );
  await withFiles(
    { "a/1.png": picture(1), "a/2.png": picture(1, 1) },
    (folder) => assertRefused(folder, "invalid-argument", /2\.png" has 2×1 pixels in grey/),
  );
  await withFiles(
    { "a/1.jpg": picture(1) },
    (folder) => assertRefused(folder, "invalid-argument", /1\.jpg" is not a \.png picture/),
  );
  await withFiles(
    { "a/1.png": new Uint8Array(100) },
    (folder) =>
      assertRefused(folder, "invalid-argument", /^File ".*1\.png": Picture is not a PNG file/),
  );
});

Deno.test("image folder: nothing to read is said", async () => {
  await withFiles(
    { "1.png": picture(1) },
    (folder) => assertRefused(folder, "not-found", /has no pictures in folders of classes/),
  );
  await assertRefused(join("no", "such", "folder"), "not-found", /is not there$/);
});
