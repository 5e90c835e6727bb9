import assert from "node:assert/strict";
import { checkDecodable } from "./check_decodable.ts";

/** The markers of a JPEG file with `count` scans, without pixels. */
function scans(count: number): Uint8Array {
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34];
  return Uint8Array.from([
    0xff,
    0xd8,
    ...Array.from({ length: count }, () => scan).flat(),
    0xff,
    0xd9,
  ]);
}

Deno.test("jpeg: a picture of very many scans is refused before it is decoded", () => {
  checkDecodable(scans(64));
  assert.throws(() => checkDecodable(scans(65)), { code: "resource-exhausted" });
});

const segment = (marker: number, ...content: number[]) => [
  0xff,
  marker,
  (content.length + 2) >> 8,
  (content.length + 2) & 255,
  ...content,
];
const table = (number: number, value: number) => segment(0xdb, number, ...Array(64).fill(value));
const SCAN = segment(0xda, 1, 1, 0, 0, 63, 0);

Deno.test("jpeg: tables that change between scans are refused, because the decoder only applies the last one", () => {
  const file = (...parts: number[][]) => Uint8Array.from([0xff, 0xd8, ...parts.flat(), 0xff, 0xd9]);
  checkDecodable(file(table(0, 1), table(0, 2), SCAN, table(0, 2), table(1, 3), SCAN));
  assert.throws(
    () => checkDecodable(file(table(0, 1), table(1, 1), SCAN, table(1, 2), SCAN)),
    { code: "unimplemented" },
  );
});

Deno.test("jpeg: components sampled at 2 : 3 are refused, because the decoder counts their blocks incorrectly", () => {
  const frame = (...sampling: number[]) =>
    Uint8Array.from([
      0xff,
      0xd8,
      ...segment(
        0xc0,
        ...[8, 0, 9, 0, 9, sampling.length],
        ...sampling.flatMap((factors, id) => [id, factors, 0]),
      ),
      0xff,
      0xd9,
    ]);
  for (const sampling of [[0x22, 0x11, 0x11], [0x41, 0x21, 0x11], [0x33, 0x11, 0x31], [0x21]]) {
    checkDecodable(frame(...sampling));
  }
  for (const sampling of [[0x31, 0x21, 0x11], [0x11, 0x14, 0x13]]) {
    assert.throws(() => checkDecodable(frame(...sampling)), { code: "unimplemented" });
  }
});
