import assert from "node:assert/strict";
import { bytesOf, WHOLE } from "../testing/golden.ts";
import { addMask, maskSeed } from "./mask.ts";

for (const { name, masks, options } of WHOLE) {
  Deno.test(`secagg+ mask: equals Flower's pseudo_rand_gen, ${masks.length} masks: ${name}`, () => {
    const modulus = options.modulus_range ?? 2 ** 32;
    for (const { seed, mask } of masks) {
      const expected = mask.flatMap(({ data }) => data);
      const vector = new Int32Array(expected.length);
      addMask(vector, bytesOf(seed), modulus, 1);
      assert.deepEqual([...vector].map((value) => value >>> 0), expected);
      addMask(vector, bytesOf(seed), modulus, -1);
      assert.ok(vector.every((value) => value === 0), "subtracting takes it off");
    }
  });
}

Deno.test("secagg+ mask: rejects the value modulus - 1 as numpy does", () => {
  // numpy 2.4: RandomState(7).randint(0, 3, 12, dtype=int64): modulus 4, so a quarter of the outputs is rejected.
  const vector = new Int32Array(12);
  addMask(vector, Uint8Array.of(7, 0, 0, 0), 4, 1);
  assert.deepEqual([...vector], NUMPY);
});

Deno.test("secagg+ mask: runs over more than one block of the generator", () => {
  const vector = new Int32Array(2000);
  addMask(vector, Uint8Array.of(7, 0, 0, 0), 4, 1);
  assert.deepEqual([...vector.subarray(0, 12)], NUMPY);
  assert.ok(vector.subarray(1900).some((value) => value !== 0));
});

Deno.test("secagg+ mask: the seed is the XOR of the key's words", () => {
  assert.equal(maskSeed(Uint8Array.of(1, 0, 0, 0x80, 2, 0, 0, 0)), 0x80000003);
  assert.throws(() => maskSeed(new Uint8Array(5)), { code: "invalid-argument" });
});

const NUMPY = [0, 1, 2, 0, 1, 2, 0, 1, 2, 2, 2, 0];
