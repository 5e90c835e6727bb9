import assert from "node:assert/strict";
import { encode } from "fast-png";
import fc from "fast-check";
import { FlwrError } from "../../base/error.ts";
import { decodePng } from "./png.ts";

/** Written by Pillow 12: what other programs make, and fast-png's encoder does not. */
const PILLOW = {
  palette:
    "89504e470d0a1a0a0000000d49484452000000030000000204030000006f5a7b2900000012504c5445ffffff00ff0028323c0a141eff00000000ffd418033b0000000e49444154789c6374e4673062000001f10084b07e7d610000000049454e44ae426082",
  blackAndWhite:
    "89504e470d0a1a0a0000000d4948445200000003000000020100000000b50f5bb70000000c49444154789c6358c074000002a801639aee58740000000049454e44ae426082",
  grey16:
    "89504e470d0a1a0a0000000d494844520000000200000001100000000081d9fc150000000d49444154789c631032f977070003c102210de347320000000049454e44ae426082",
  greyAlpha:
    "89504e470d0a1a0a0000000d49484452000000020000000108040000005e2bb7010000000d49444154789c63646760fa0f000129010a75b0237c0000000049454e44ae426082",
  colourAlpha:
    "89504e470d0a1a0a0000000d4948445200000002000000010806000000f4227f8a0000001149444154789c6364646266606666e60400005e001a122310890000000049454e44ae426082",
};

const CASES: [keyof typeof PILLOW, number[], number[]][] = [
  ["palette", [3, 3, 2], [255, 0, 0, 10, 40, 255, 0, 255, 0, 20, 50, 255, 0, 0, 255, 30, 60, 255]],
  ["blackAndWhite", [1, 3, 2], [255, 0, 255, 0, 255, 255]],
  ["grey16", [1, 2, 1], [0x12, 0xfe]],
  ["greyAlpha", [1, 2, 1], [7, 9]],
  ["colourAlpha", [3, 2, 1], [1, 4, 2, 5, 3, 6]],
];
for (const [kind, [channels, width, height], planes] of CASES) {
  Deno.test(`png: ${kind} becomes planes of bytes`, async () => {
    const picture = await decodePng(Uint8Array.fromHex(PILLOW[kind]));
    assert.deepEqual(
      { ...picture, planes: [...picture.planes] },
      { width, height, channels, planes },
    );
  });
}

Deno.test("png: too many pixels are refused before they are decoded", async () => {
  const bytes = Uint8Array.fromHex(PILLOW.grey16);
  new DataView(bytes.buffer).setUint32(16, 1_000_000);
  new DataView(bytes.buffer).setUint32(20, 1_000_000);
  await assert.rejects(
    decodePng(bytes),
    (error) => error instanceof FlwrError && error.code === "resource-exhausted",
  );
});

Deno.test("png: a file that is none, cut short or changed gives a FlwrError or a picture", async () => {
  const png = encode({ width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(9) });
  const change = fc.array(fc.tuple(fc.nat(png.length - 1), fc.nat(255)), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(change, fc.nat(png.length), async (changes, length) => {
      const bytes = png.slice(0, length);
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      try {
        const { planes, channels, width, height } = await decodePng(bytes);
        assert.equal(planes.length, channels * width * height);
      } catch (error) {
        assert(error instanceof FlwrError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
