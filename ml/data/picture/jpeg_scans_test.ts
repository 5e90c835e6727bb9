import assert from "node:assert/strict";
import { checkScans } from "./jpeg_scans.ts";

/** The markers of a JPEG file with `count` scans, without pixels. */
function scans(count: number): Uint8Array {
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34];
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...Array.from({ length: count }, () => scan).flat(),
    ...[0xff, 0xd9],
  ]);
}

Deno.test("jpeg: a picture of very many scans is refused before it is decoded", () => {
  checkScans(scans(64));
  assert.throws(() => checkScans(scans(65)), { code: "resource-exhausted" });
});
