import assert from "node:assert/strict";
import { join } from "node:path";
import { encode } from "fast-png";
import vectors from "../../tests/vectors/pictures/pictures.json" with { type: "json" };
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

Deno.test("image folder: given classes keep their labels if one is missing", () =>
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
    { "a/1.png": picture(1), "a/notes.txt": picture(1) },
    (folder) =>
      assertRefused(folder, "invalid-argument", /notes\.txt" is not a PNG or JPEG picture/),
  );
  await withFiles(
    { "a/1.png": new Uint8Array(100) },
    (folder) =>
      assertRefused(
        folder,
        "invalid-argument",
        /^File ".*1\.png": Picture is neither PNG nor JPEG/,
      ),
  );
});

Deno.test("image folder: a folder without images is refused", async () => {
  await withFiles(
    { "notes.txt": picture(1) },
    (folder) => assertRefused(folder, "not-found", /has no pictures in folders of classes/),
  );
  await assertRefused(join("no", "such", "folder"), "not-found", /does not exist$/);
});

const VECTORS = "tests/vectors/files";

Deno.test("image folder: links to pictures and to folders are followed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const originals = `${VECTORS}/image_folder_with_links`;
    const copy = async (from: string, to: string) => {
      await Deno.mkdir(join(folder, to, ".."), { recursive: true });
      await Deno.copyFile(join(originals, from), join(folder, to));
    };
    await copy("originals/1.png", "originals/1.png");
    await copy("originals/bird/3.png", "originals/bird/3.png");
    await copy("train/cat/0.png", "train/cat/0.png");
    await Deno.mkdir(join(folder, "train", "dog"));
    await Deno.symlink("../originals/bird", join(folder, "train", "bird"));
    await Deno.symlink("../../originals/1.png", join(folder, "train", "dog", "2.png"));
    await Deno.symlink("../../originals/1.png", join(folder, "train", "cat", "1.png"));
    const { y, classes } = await readImageFolder(join(folder, "train"));
    assert.deepEqual([classes, [...y.data]], [["bird", "cat", "dog"], [0n, 1n, 1n, 2n]]);
    await Deno.symlink("../nothing.png", join(folder, "train", "cat", "3.png"));
    await assertRefused(join(folder, "train"), "not-found", /3\.png" is broken/);
    await Deno.remove(join(folder, "train", "cat", "3.png"));
    await Deno.symlink("..", join(folder, "train", "cat", "up"));
    await assertRefused(join(folder, "train"), "invalid-argument", /leads back to a folder/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("image folder: folders within a class belong to it, in the order of torchvision", async () => {
  const { y } = await readImageFolder(`${VECTORS}/image_folder_nested`);
  assert.deepEqual([...y.data], [0n, 0n]);
  const files = Object.fromEntries(
    ["a/z.png", "a/b/1.png", "a/b-c/2.png"].map((name, i) => [name, picture(i)]),
  );
  // The order of sorted(os.walk(…)): "a", "a/b", "a/b-c", and "-" sorts before "/".
  await withFiles(
    { ...files, "a/b/d/3.png": picture(3) },
    async (folder) => {
      const { x } = await readImageFolder(folder);
      assert.deepEqual([...x.data].filter((_, i) => i % 6 === 0), [0, 1, 2, 3]);
    },
  );
});

Deno.test("image folder: every entry is read or refused by name", async () => {
  await withFiles(
    { "a/1.png": picture(1), "2.png": picture(2) },
    (folder) => assertRefused(folder, "invalid-argument", /2\.png" is not in a class folder/),
  );
  await withFiles({ "a/1.png": picture(1), "b/.hidden": picture(2) }, async (folder) => {
    await assertRefused(folder, "not-found", /b" has no pictures$/);
    const { y } = await readImageFolder(folder, { classes: ["a", "b"] });
    assert.deepEqual([...y.data], [0n]);
    await assert.rejects(
      readImageFolder(folder, { classes: ["a"] }),
      (error) =>
        error instanceof FlwrError && /b" is not one of the classes: a/.test(error.message),
    );
  });
  await withFiles(
    { "a/1.png": picture(1), "a/Thumbs.db": picture(2), "a/._1.png": picture(2) },
    async (folder) => assert.equal((await readImageFolder(folder)).y.data.length, 1),
  );
});

Deno.test("image folder: JPEG and PNG pictures are read side by side, by their content", async () => {
  const [grey] = vectors.jpeg;
  const [, height, width] = grey!.shape as [number, number, number];
  const png = encode({ width, height, channels: 1, data: new Uint8Array(width * height).fill(9) });
  const jpeg = Uint8Array.fromBase64(grey!.file);
  await withFiles({ "a/1.jpg": jpeg, "a/2.JPEG": jpeg, "a/3.png": jpeg, "b/1.png": png }, async (
    folder,
  ) => {
    const { x, y } = await readImageFolder(folder);
    assert.deepEqual([x.shape, [...y.data]], [[4, 1, height, width], [0n, 0n, 0n, 1n]]);
  });
});

Deno.test("image folder: pictures of 16 bits that only use the lower ones are refused, unless one is brighter", async () => {
  const grey16 = (...data: number[]) =>
    encode({ width: data.length, height: 1, channels: 1, depth: 16, data: Uint16Array.from(data) });
  const alpha16 = encode({
    width: 2,
    height: 1,
    channels: 2,
    depth: 16,
    data: Uint16Array.of(3, 65535, 1, 65535),
  });
  for (const file of [grey16(0, 4095), grey16(1, 2), alpha16]) {
    await withFiles(
      { "a/1.png": file, "b/1.png": grey16(0, 0) },
      (folder) => assertRefused(folder, "invalid-argument", /use only (12|2) of them/),
    );
  }
  // A dark image and a black one are accepted.
  await withFiles(
    { "a/1.png": grey16(0, 4095), "b/1.png": grey16(0, 4096), "b/2.png": picture(1, 1) },
    async (folder) => {
      assert.deepEqual([...(await readImageFolder(folder)).x.data], [0, 15, 0, 16, 1, 1]);
    },
  );
  await withFiles({ "a/1.png": grey16(0, 0), "b/1.png": grey16(0, 0) }, async (folder) => {
    assert.deepEqual([...(await readImageFolder(folder)).x.data], [0, 0, 0, 0]);
  });
});
