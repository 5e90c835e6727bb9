import assert from "node:assert/strict";
import fc from "fast-check";
import vectors from "../../../tests/vectors/pictures/pictures.json" with { type: "json" };
import { FlwrError } from "../../../base/error.ts";
import { decodePicture } from "./decode.ts";
import { readOrientation } from "./exif.ts";

const files = [...vectors.png, ...vectors.jpeg, ...vectors.restarts].map(({ file }) =>
  Uint8Array.fromBase64(file)
);

Deno.test("picture: a truncated or changed file gives a FlwrError or a picture of its size", async () => {
  const change = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
    maxLength: 4,
  });
  const kept = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(files.length - 1),
      change,
      kept,
      async (file, changes, part) => {
        const bytes = files[file]!.slice(0, Math.ceil(files[file]!.length * part));
        for (const [at, value] of changes) bytes[Math.floor(at * (bytes.length - 1))] = value;
        try {
          const { planes, channels, width, height } = await decodePicture(bytes, "apply");
          assert.equal(planes.length, channels * width * height);
        } catch (error) {
          assert(error instanceof FlwrError, String(error));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("exif: any bytes give an orientation", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom("49492a00", "4d4d002a", ""),
      (bytes, start) => {
        const orientation = readOrientation(
          new Uint8Array([...Uint8Array.fromHex(start), ...bytes]),
        );
        assert.ok(orientation >= 1 && orientation <= 8);
      },
    ),
  );
});

Deno.test("picture: other formats are named", async () => {
  const kinds: [string, RegExp][] = [
    ["474946383961", /neither PNG nor JPEG: it looks like GIF/],
    ["424d", /BMP/],
    ["524946460000000057454250", /WebP/],
    ["49492a00", /TIFF/],
    ["00000018667479706865696300000000", /HEIC/],
    ["00", /neither PNG nor JPEG$/],
    ["0000001c667479706176696600000000", /AVIF$/],
    ["0000001c667479706d70343200000000", /video/],
    ["3c21444f43545950452068746d6c3e", /web page$/],
    ["", /an empty file$/],
  ];
  for (const [hex, sentence] of kinds) {
    await assert.rejects(
      decodePicture(Uint8Array.fromHex(hex)),
      (error) => error instanceof FlwrError && sentence.test(error.message),
    );
  }
});
