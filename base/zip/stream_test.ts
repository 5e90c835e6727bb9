import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { readZip } from "../../fab/read_zip.ts";
import { streamZip, zipLength } from "./stream.ts";
import { writeZip } from "./write.ts";

Deno.test("zip stream: the bytes are those of the archive that is written at once, with the computed length", async () => {
  const file = fc.tuple(
    fc.stringMatching(/^[a-zé]{1,9}$/),
    fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 4 }),
  );
  const distinct = fc.uniqueArray(file, { selector: ([name]) => name, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(distinct, async (files) => {
      const contents = files.map(([name, pieces]) =>
        [name, new Uint8Array(pieces.flatMap((piece) => [...piece]))] as const
      );
      const streamed = files.map(([name, pieces], place) => ({
        name,
        size: contents[place]![1].length,
        crc32: crc32(contents[place]![1]),
        content: async function* () {
          yield* pieces;
        },
      }));
      const parts = await Array.fromAsync(streamZip(streamed));
      const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
      assert.equal(bytes.length, zipLength(streamed));
      assert.deepEqual(bytes, writeZip(contents));
      assert.deepEqual([...readZip(bytes)], contents);
    }),
    { seed: 3 },
  );
});
