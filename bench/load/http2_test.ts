import assert from "node:assert/strict";
import { encodeLength, literalHeader } from "./hpack.ts";
import { frame, FrameReader, FrameType } from "./http2_frame.ts";

Deno.test("encodeLength: a length that does not fit the prefix goes on in sevens of bits", () => {
  assert.deepEqual(encodeLength(10), [10]);
  assert.deepEqual(encodeLength(127), [127, 0]);
  // 1337 = 127 + 1210, RFC 7541 C.1.2 with another prefix
  assert.deepEqual(encodeLength(1337), [127, 186, 9]);
});

Deno.test("literalHeader: name and value as they are", () => {
  assert.deepEqual([...literalHeader("a", "bc")], [0, 1, 97, 2, 98, 99]);
});

Deno.test("FrameReader: frames come out whole however their bytes arrive", () => {
  const bytes = new Uint8Array([
    ...frame(FrameType.settings, 0, 0, new Uint8Array()),
    ...frame(FrameType.data, 1, 5, new Uint8Array([1, 2, 3])),
  ]);
  const reader = new FrameReader();
  const found = Array.from(bytes, (byte) => [...reader.take(new Uint8Array([byte]))]).flat();
  assert.deepEqual(
    found.map(({ type, flags, stream, payload }) => [type, flags, stream, ...payload]),
    [
      [4, 0, 0],
      [0, 1, 5, 1, 2, 3],
    ],
  );
});
