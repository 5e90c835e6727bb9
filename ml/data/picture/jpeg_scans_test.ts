import assert from "node:assert/strict";
import { checkRestartIntervals } from "./jpeg_restarts.ts";

/** A JPEG file's markers with so many scans, without pixels. */
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
  checkRestartIntervals(scans(64));
  assert.throws(() => checkRestartIntervals(scans(65)), { code: "resource-exhausted" });
});
