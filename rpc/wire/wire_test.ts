import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../base/error.ts";
import { records } from "./records.ts";
import { Rope } from "./rope.ts";
import { isShortest, readVarint, readVarint32, skipVarint, writeVarint } from "./varint.ts";

const seed = 7;
const refused = (error: unknown) => error instanceof FlwrError && error.code === "invalid-argument";

Deno.test("64-bit numbers survive as varints", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      const bytes = writeVarint(value);
      assert.equal(skipVarint(bytes, 0), bytes.length);
      assert.ok(isShortest(bytes, 0, bytes.length));
      assert.equal(readVarint(bytes, 0, bytes.length), value);
      const expected = value < 2n ** 32n ? Number(value) : Infinity;
      assert.equal(readVarint32(bytes, 0, bytes.length), expected);
    }),
    { seed },
  );
  assert.ok(!isShortest(Uint8Array.of(0x80, 0), 0, 2));
  assert.throws(() => skipVarint(new Uint8Array(11).fill(0x80), 0), refused);
  assert.throws(() => skipVarint(Uint8Array.of(0x80), 0), refused);
});

Deno.test("rope: the pieces of an array, in order, become that array again", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5);
  const rope = new Rope();
  for (const [from, to] of [[0, 2], [2, 2], [2, 4], [4, 5]]) rope.append(bytes.subarray(from, to));
  assert.ok(rope.is(bytes));
  assert.equal(rope.join().buffer, bytes.buffer);
  const other = new Rope();
  other.append(bytes.subarray(3));
  other.append(bytes.subarray(0, 3));
  assert.ok(!other.is(bytes));
  assert.deepEqual([...other.join()], [4, 5, 1, 2, 3]);
  assert.ok(!other.is(new Uint8Array(5)));
});

Deno.test("the records of a message cover all of its bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        const raws = [...records(bytes)].map(({ raw }) => [...raw]);
        assert.deepEqual(raws.flat(), [...bytes]);
      } catch (error) {
        assert.ok(refused(error), String(error));
      }
    }),
    { seed, numRuns: 5000 },
  );
});

Deno.test("groups are one record, however nested", () => {
  const group = Uint8Array.of(0x1b, 0x08, 0x01, 0x23, 0x12, 0x01, 0x41, 0x24, 0x1c);
  const [record, ...rest] = [...records(group)];
  assert.deepEqual(record?.raw, group);
  assert.equal(rest.length, 0);
  for (const end of [0x24, 0x08]) {
    const broken = Uint8Array.of(0x1b, 0x08, 0x01, end);
    assert.throws(() => [...records(broken)], refused);
  }
});
