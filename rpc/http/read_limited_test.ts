import assert from "node:assert/strict";
import { readLimited } from "./read_limited.ts";

const SIZE = 300_000;
const body = Uint8Array.from({ length: SIZE }, (_, i) => i % 251);

/** A response whose body arrives in parts, of a stream of bytes or of chunks. */
function answer(type: "bytes" | undefined, announced: number | undefined): Response {
  let sent = 0;
  const stream = new ReadableStream({
    ...type !== undefined && { type },
    pull(controller) {
      const part = body.slice(sent, sent + 7_000);
      sent += part.length;
      if (part.length > 0) return controller.enqueue(part);
      controller.close();
      // A stream of bytes answers a read that waits.
      (controller as ReadableByteStreamController).byobRequest?.respond(0);
    },
  });
  const headers = new Headers();
  if (announced !== undefined) headers.set("content-length", String(announced));
  return new Response(stream, { headers });
}

Deno.test("readLimited: the whole body, whatever was announced and however it arrives", async () => {
  for (const type of ["bytes", undefined] as const) {
    for (const announced of [undefined, SIZE, SIZE + 1, SIZE - 1, 70_000, 10]) {
      const bytes = await readLimited(answer(type, announced), 2 * SIZE);
      assert.deepEqual(bytes, body, `${type}, announced ${announced}`);
    }
  }
});

Deno.test("readLimited: one buffer of a body whose length is announced", async () => {
  const bytes = await readLimited(answer("bytes", SIZE), SIZE);
  assert.equal(bytes.buffer.byteLength, SIZE);
});

Deno.test("readLimited: refuses a body that is larger than allowed", async () => {
  for (const type of ["bytes", undefined] as const) {
    for (const announced of [undefined, SIZE, 100_000]) {
      await assert.rejects(readLimited(answer(type, announced), SIZE - 1), { code: "data-loss" });
    }
  }
});
