import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import { type ErrorCode, FlwrError } from "../../../base/error.ts";
import { decodePng } from "./png.ts";

const VECTORS = "tests/vectors/files";

/** Written by Pillow 12: kinds of files that other programs write, but fast-png's encoder does not. */
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
  Deno.test(`png: ${kind} becomes planes of bytes`, () => {
    const { usedBits, ...picture } = decodePng(Uint8Array.fromHex(PILLOW[kind]));
    assert.equal(usedBits, kind === "grey16" ? 16 : undefined);
    assert.deepEqual(
      { ...picture, planes: [...picture.planes] },
      { width, height, channels, planes },
    );
  });
}

const refused = (bytes: Uint8Array, code: ErrorCode, sentence: RegExp) =>
  assert.throws(
    () => decodePng(bytes),
    (error) => error instanceof FlwrError && error.code === code && sentence.test(error.message),
  );

Deno.test("png: pictures with too many pixels, or none, are refused before they are decoded", () => {
  const bytes = Uint8Array.fromHex(PILLOW.grey16);
  const sized = (width: number, height: number) =>
    replaceChunk(bytes, "IHDR", (header) => {
      new DataView(header.buffer).setUint32(0, width);
      new DataView(header.buffer).setUint32(4, height);
      return header;
    });
  refused(sized(1_000_000, 1_000_000), "resource-exhausted", /more than/);
  refused(sized(0, 1), "invalid-argument", /no pixels/);
  refused(sized(1, 0), "invalid-argument", /no pixels/);
});

Deno.test("png: pixels beyond the size that the header declares are not decompressed", () => {
  const bomb = replaceChunk(
    Uint8Array.fromHex(PILLOW.grey16),
    "IDAT",
    () => deflateSync(new Uint8Array(2 ** 24)),
  );
  refused(bomb, "invalid-argument", /cannot be decompressed to 5 bytes/);
});

const vector = (name: string) => Deno.readFileSync(`${VECTORS}/png_${name}.png`);

Deno.test("png: a suggested palette does not change true colours", () => {
  for (const name of ["256", "16"]) {
    const bytes = vector(`truecolour_with_suggested_palette_${name}`);
    assert.deepEqual(decodePng(bytes), decodePng(replaceChunk(bytes, "PLTE")));
    assert.equal(decodePng(bytes).channels, 3);
  }
  for (const name of ["truecolour_alpha", "truecolour16"]) {
    const bytes = vector(`${name}_with_suggested_palette`);
    assert.deepEqual(decodePng(bytes), decodePng(replaceChunk(bytes, "PLTE")));
  }
});

Deno.test("png: chunks that pixels do not need may be damaged", () => {
  const bytes = vector("broken_iccp_chunk");
  assert.deepEqual(decodePng(bytes), decodePng(replaceChunk(bytes, "iCCP")));
});

Deno.test("png: interlaced pictures with samples below a byte are read", () => {
  for (const name of ["grey1", "palette4"]) decodePng(vector(`interlaced_${name}`));
});

Deno.test("png: the errors for pictures that cannot be decoded name the reason", () => {
  refused(vector("palette_missing"), "invalid-argument", /palette is missing/);
  refused(vector("unknown_critical_chunk"), "unimplemented", /chunk of the unknown type/);
  refused(vector("cgbi"), "unimplemented", /Apple's own variant/);
  refused(vector("zero_width"), "invalid-argument", /no pixels/);
});

/** The file with the content of a chunk replaced, or without the chunk. */
function replaceChunk(
  bytes: Uint8Array,
  type: string,
  change?: (content: Uint8Array<ArrayBuffer>) => Uint8Array,
): Uint8Array {
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at);
    const name = new TextDecoder().decode(bytes.subarray(at + 4, at + 8));
    if (name !== type) parts.push(bytes.subarray(at, at + 12 + length));
    else if (change !== undefined) {
      const content = change(new Uint8Array(bytes.subarray(at + 8, at + 8 + length)));
      const chunk = new Uint8Array(12 + content.length);
      const out = new DataView(chunk.buffer);
      out.setUint32(0, content.length);
      chunk.set(new TextEncoder().encode(type), 4);
      chunk.set(content, 8);
      out.setUint32(8 + content.length, crc32(chunk.subarray(4, 8 + content.length)));
      parts.push(chunk);
    }
    at += 12 + length;
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
