import assert from "node:assert/strict";
import { toPlanar } from "./picture.ts";

Deno.test("planar: two images of two pixels with three channels", () => {
  const pixels = new Uint8Array([1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]);
  assert.deepEqual([...toPlanar(pixels, 2, 3)], [1, 4, 2, 5, 3, 6, 11, 14, 12, 15, 13, 16]);
});
