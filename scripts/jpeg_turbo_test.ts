import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { JPEG_TURBO, JPEG_TURBO_BYTES } from "../ml/data/picture/jpeg_turbo_wasm.ts";
import { packagedDecoder } from "./jpeg_turbo.ts";

Deno.test("jpeg-turbo: the decoder in the program is the package's", async () => {
  const decoder = await packagedDecoder();
  assert.equal(JPEG_TURBO_BYTES, decoder.length);
  const unpacked = inflateSync(Uint8Array.fromBase64(JPEG_TURBO));
  assert.ok(decoder.every((byte, i) => byte === unpacked[i]), "run scripts/jpeg_turbo.ts");
});
