import assert from "node:assert/strict";
import { joinBytes } from "./bytes.ts";

Deno.test("bytes: parts are joined in order, and a single one is copied", () => {
  const part = Uint8Array.of(1, 2);
  assert.deepEqual(joinBytes([part, new Uint8Array(), Uint8Array.of(3)]), Uint8Array.of(1, 2, 3));
  const copy = joinBytes([part]);
  part[0] = 9;
  assert.deepEqual(copy, Uint8Array.of(1, 2));
  assert.deepEqual(joinBytes([]), new Uint8Array());
});
