import assert from "node:assert/strict";
import { join } from "node:path";
import { encode } from "fast-png";
import vectors from "../../tests/vectors/pictures/pictures.json" with { type: "json" };
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { type ImageMasksOptions, readImageMasks } from "./image_masks.ts";

const [WIDTH, HEIGHT] = [3, 2];

const image = (value: number, channels = 3, width = WIDTH) =>
  encode({
    width,
    height: HEIGHT,
    channels,
    data: new Uint8Array(width * HEIGHT * channels).fill(value),
  });

const mask = (...data: number[]) =>
  encode({ width: WIDTH, height: HEIGHT, channels: 1, data: Uint8Array.from(data) });

const ONES = mask(1, 1, 1, 1, 1, 1);

async function withFiles(
  files: Record<string, Uint8Array>,
  test: (images: string, masks: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const place of ["images", "masks"]) await Deno.mkdir(join(folder, place));
    for (const [name, bytes] of Object.entries(files)) {
      await Deno.mkdir(join(folder, name, ".."), { recursive: true });
      await Deno.writeFile(join(folder, name), bytes);
    }
    await test(join(folder, "images"), join(folder, "masks"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What files are refused with: the code, and the file or value that the sentence names. */
function refused(
  files: Record<string, Uint8Array>,
  code: ErrorCode,
  named: string,
  options: ImageMasksOptions = {},
): Promise<void> {
  return withFiles(files, (images, masks) =>
    assert.rejects(
      readImageMasks(images, masks, options),
      (error) => error instanceof FlwrError && error.code === code && error.message.includes(named),
    ));
}

Deno.test("image masks: images and masks are paired by name, whatever else differs", () =>
  withFiles({
    "images/b.png": image(2),
    "images/a.jpg.png": image(1),
    "images/sub/b.png": image(3),
    "images/.hidden": image(9),
    "masks/sub/b.PNG": mask(6, 6, 6, 6, 6, 6),
    "masks/b.png": mask(0, 1, 2, 3, 4, 255),
    "masks/a.jpg.png": ONES,
    "masks/Thumbs.db": image(9),
  }, async (images, masks) => {
    const { x, y } = await readImageMasks(images, masks);
    assert.deepEqual([x.dtype, x.shape, y.dtype, y.shape], [
      "uint8",
      [3, 3, HEIGHT, WIDTH],
      "uint8",
      [3, HEIGHT, WIDTH],
    ]);
    assert.deepEqual([...x.data].filter((_, at) => at % 18 === 0), [1, 2, 3]);
    assert.deepEqual([...y.data], [1, 1, 1, 1, 1, 1, 0, 1, 2, 3, 4, 255, 6, 6, 6, 6, 6, 6]);
    // With a folder's name as people type it.
    assert.deepEqual(await readImageMasks(`${images}/`, `${masks}/.`), { x, y });
  }));

Deno.test("image masks: values name the classes, and a suffix the masks", () =>
  withFiles({
    "images/a.png": image(1, 1),
    "masks/a_mask.png": mask(0, 255, 128, 255, 0, 0),
  }, async (images, masks) => {
    const options = { values: [0, 255, 128], maskSuffix: "_mask" };
    const { x, y } = await readImageMasks(images, masks, options);
    assert.deepEqual([x.shape, [...y.data]], [[1, 1, HEIGHT, WIDTH], [0, 1, 2, 1, 0, 0]]);
  }));

Deno.test("image masks: every entry counts or is refused by name", async () => {
  const pair = { "images/a.png": image(1), "masks/a.png": ONES };
  await refused({ ...pair, "images/b.png": image(1) }, "invalid-argument", "b.png");
  await refused({ ...pair, "masks/b.png": ONES }, "invalid-argument", "b.png");
  await refused({ ...pair, "masks/sub/a.png": ONES }, "invalid-argument", "sub");
  await refused({ ...pair, "images/notes.txt": image(1) }, "invalid-argument", "notes.txt");
  await refused({ ...pair, "masks/notes.txt": image(1) }, "invalid-argument", "notes.txt");
  await refused({ ...pair, "images/a.jpg": image(1) }, "invalid-argument", "a.jpg");
  await refused(pair, "invalid-argument", "a.png", { maskSuffix: "_mask" });
  await refused({ "images/a.png": image(1) }, "not-found", "masks");
  await refused({ "masks/a.png": ONES }, "not-found", "images");
  await assert.rejects(readImageMasks("no/such/folder", "nor/this"), { code: "not-found" });
});

Deno.test("image masks: a mask that is none is refused", async () => {
  const [grey] = vectors.jpeg;
  const jpeg = Uint8Array.fromBase64(grey!.file);
  const encoded = (channels: number, depth: 8 | 16, ...data: number[]) =>
    encode({
      width: WIDTH,
      height: HEIGHT,
      channels,
      depth,
      data: depth === 8 ? Uint8Array.from(data) : Uint16Array.from(data),
    });
  const zeros = (channels: number) => Array.from({ length: 6 * channels }, () => 0);
  const masks: Readonly<Record<string, Uint8Array>> = {
    "a JPEG": jpeg,
    "colours": encoded(3, 8, ...zeros(3)),
    "grey and transparency": encoded(2, 8, ...zeros(2)),
    "a number above 255": encoded(1, 16, 0, 0, 0, 0, 0, 256),
    "another size": encode({ width: HEIGHT, height: WIDTH, channels: 1, data: new Uint8Array(6) }),
    "damaged": ONES.subarray(0, -20),
  };
  for (const [what, bytes] of Object.entries(masks)) {
    const files = { "images/a.png": image(1), "masks/a.png": bytes };
    await refused(files, "invalid-argument", "masks/a.png").catch((error) => {
      throw new Error(what, { cause: error });
    });
  }
});

Deno.test("image masks: a number that is none of the values is refused with its place", () =>
  refused(
    { "images/a.png": image(1), "masks/a.png": mask(0, 255, 0, 0, 0, 7) },
    "invalid-argument",
    "number 7 at column 2, row 1",
    { values: [0, 255] },
  ));

Deno.test("image masks: values that name no classes are refused", async () => {
  for (const values of [[], [0, 0], [256], [-1], [0.5], ["0" as unknown as number]]) {
    await refused(
      { "images/a.png": image(1), "masks/a.png": ONES },
      "invalid-argument",
      "values",
      { values },
    );
  }
});

Deno.test("image masks: numbers of 16 bits are read whole", () =>
  withFiles({
    "images/a.png": image(1),
    "masks/a.png": encode({
      width: WIDTH,
      height: HEIGHT,
      channels: 1,
      depth: 16,
      data: Uint16Array.of(0, 1, 2, 255, 4, 5),
    }),
  }, async (images, masks) => {
    assert.deepEqual([...(await readImageMasks(images, masks)).y.data], [0, 1, 2, 255, 4, 5]);
  }));

Deno.test("image masks: images of different kinds are refused", async () => {
  const masks = { "masks/a.png": ONES, "masks/b.png": ONES };
  await refused(
    { ...masks, "images/a.png": image(1), "images/b.png": image(1, 1) },
    "invalid-argument",
    "b.png",
  );
  await refused(
    { ...masks, "images/a.png": image(1), "images/b.png": image(1, 3, 4) },
    "invalid-argument",
    "b.png",
  );
});
