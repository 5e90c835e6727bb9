import assert from "node:assert/strict";
import vectors from "../../../tests/vectors/pictures/pictures.json" with { type: "json" };
import { FlwrError } from "../../../base/error.ts";
import { decodePicture } from "./decode.ts";
import { decodePng, decodePngNumbers } from "./png.ts";
import { readChunks } from "./png_chunks.ts";

interface Recorded {
  readonly file: string;
  readonly shape: readonly number[];
  readonly planes: string;
}

const expectedOf = ({ shape: [channels, height, width], planes }: Recorded) => ({
  channels,
  width,
  height,
  planes: Uint8Array.fromBase64(planes),
});

Deno.test("png: every colour type, depth and interlacing gives the pixels that Pillow reads", () => {
  assert.equal(vectors.png.length, 90);
  for (const recorded of vectors.png) {
    const { usedBits: _, ...picture } = decodePng(Uint8Array.fromBase64(recorded.file));
    assert.deepEqual(picture, expectedOf(recorded), recorded.name);
  }
});

Deno.test("png: as numbers, grey and indexed files give what Pillow's pixels were made of; others are refused", () => {
  let read = 0;
  for (const recorded of vectors.png) {
    const [, type, depth] = /^type (\d), (\d+) bits/.exec(recorded.name)!.map(Number);
    const file = Uint8Array.fromBase64(recorded.file);
    const isRead = (type === 0 || type === 3) && depth! < 16;
    if (!isRead && recorded.shape.at(-1)! > 1) {
      assert.throws(() => decodePngNumbers(file), { code: "invalid-argument" }, recorded.name);
    }
    if (!isRead) continue;
    const { planes: numbers, ...size } = decodePngNumbers(file);
    const { planes, width, height } = expectedOf(recorded);
    assert.deepEqual(size, { width, height, channels: 1 });
    const { palette } = readChunks(file);
    const area = width! * height!;
    const made = planes.map((_, at) =>
      type === 0
        ? numbers[at]! * 255 / (2 ** depth! - 1)
        : palette![3 * numbers[at % area]! + Math.floor(at / area)]!
    );
    assert.deepEqual(made, planes, recorded.name);
    read += 1;
  }
  assert.equal(read, 48);
});

Deno.test("jpeg: grey and colour, baseline and progressive, with restart markers and without, have Pillow's pixels", async () => {
  assert.equal(vectors.restarts.length, 12);
  for (const recorded of [...vectors.jpeg, ...vectors.restarts, vectors.progressiveRestarts]) {
    const picture = await decodePicture(Uint8Array.fromBase64(recorded.file));
    assert.deepEqual(picture, expectedOf(recorded), recorded.name);
  }
});

Deno.test("jpeg: a few stray bytes in front of the end change nothing; a file that is cut short is refused", async () => {
  for (const recorded of vectors.jpeg) {
    const file = Uint8Array.fromBase64(recorded.file);
    const end = file.length - 2;
    for (const stray of [[0], [0x55, 0xaa], [1, 2, 3, 4]]) {
      const longer = new Uint8Array([...file.subarray(0, end), ...stray, ...file.subarray(end)]);
      assert.deepEqual(await decodePicture(longer), expectedOf(recorded), recorded.name);
    }
    if (recorded.name === "one pixel") continue;
    const damaged = { code: "invalid-argument" };
    const short = file.subarray(0, end - 12);
    await assert.rejects(decodePicture(short), damaged, recorded.name);
    const ended = new Uint8Array([...short, ...file.subarray(end)]);
    await assert.rejects(decodePicture(ended), damaged, `${recorded.name}, with an end`);
  }
});

Deno.test("jpeg: a picture that is stored rotated is refused, rotated or read as stored, depending on the option", async () => {
  for (const recorded of vectors.turned) {
    const bytes = Uint8Array.fromBase64(recorded.file);
    const picture = await decodePicture(bytes, "apply");
    assert.deepEqual(picture, expectedOf(recorded), String(recorded.orientation));
    const { width, height } = await decodePicture(bytes, "ignore");
    assert.deepEqual([width, height], [16, 8]);
    if (recorded.orientation === 1) await decodePicture(bytes);
    else {
      await assert.rejects(
        decodePicture(bytes),
        (error) => error instanceof FlwrError && error.code === "failed-precondition",
      );
    }
  }
});

Deno.test("picture: orientations in PNG files, and those of an unusual type, are applied like those of JPEG files", async () => {
  assert.equal(vectors.otherwiseTurned.length, 8);
  for (const recorded of vectors.otherwiseTurned) {
    const bytes = Uint8Array.fromBase64(recorded.file);
    assert.deepEqual(await decodePicture(bytes, "apply"), expectedOf(recorded), recorded.name);
    const { width, height } = await decodePicture(bytes, "ignore");
    assert.deepEqual([width, height], [16, 8]);
    await assert.rejects(
      decodePicture(bytes),
      (error) => error instanceof FlwrError && error.code === "failed-precondition",
    );
  }
});

Deno.test("jpeg: the errors for CMYK and other codings name them", async () => {
  const refused = (bytes: Uint8Array, sentence: RegExp) =>
    assert.rejects(
      decodePicture(bytes),
      (error) =>
        error instanceof FlwrError && error.code === "unimplemented" &&
        sentence.test(error.message),
    );
  await refused(Uint8Array.fromBase64(vectors.refusedJpeg.cmyk), /CMYK/);
  const grey = Uint8Array.fromBase64(vectors.jpeg[0]!.file);
  const frame = grey.findIndex((byte, i) => byte === 0xff && grey[i + 1] === 0xc0);
  for (const [marker, word] of [[0xc3, /lossless/], [0xc9, /arithmetically/]] as const) {
    const changed = grey.slice();
    changed[frame + 1] = marker;
    await refused(changed, word);
  }
  const deep = grey.slice();
  deep[frame + 4] = 12;
  await refused(deep, /12 bits/);
});
