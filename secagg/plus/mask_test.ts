import assert from "node:assert/strict";
import { bytesOf, WHOLE } from "../testing/golden.ts";
import { Mt19937 } from "../testing/mt19937.ts";
import { addMasks, maskSeed } from "./mask.ts";

for (const { name, masks, options } of WHOLE) {
  Deno.test(`secagg+ mask: equals Flower's pseudo_rand_gen, ${masks.length} masks: ${name}`, () => {
    const modulus = options.modulus_range ?? 2 ** 32;
    for (const { seed, mask } of masks) {
      const expected = mask.flatMap(({ data }) => data);
      const vector = new Int32Array(expected.length);
      addMasks(vector, [{ key: bytesOf(seed), sign: 1 }], modulus);
      assert.deepEqual([...vector].map((value) => value >>> 0), expected);
      addMasks(vector, [{ key: bytesOf(seed), sign: -1 }], modulus);
      assert.ok(vector.every((value) => value === 0), "subtracting takes it off");
    }
  });
}

Deno.test("secagg+ mask: rejects the value modulus - 1 as numpy does", () => {
  // numpy 2.4: RandomState(7).randint(0, 3, 12, dtype=int64): modulus 4, so a quarter of the outputs is rejected.
  const vector = new Int32Array(12);
  addMasks(vector, [{ key: Uint8Array.of(7, 0, 0, 0), sign: 1 }], 4);
  assert.deepEqual([...vector], NUMPY);
});

Deno.test("secagg+ mask: runs over more than one block of the generator", () => {
  const vector = new Int32Array(2000);
  addMasks(vector, [{ key: Uint8Array.of(7, 0, 0, 0), sign: 1 }], 4);
  assert.deepEqual([...vector.subarray(0, 12)], NUMPY);
  assert.ok(vector.subarray(1900).some((value) => value !== 0));
});

Deno.test("secagg+ mask: many masks over many blocks are those of the generator, one word at a time", () => {
  for (
    const [modulus, length, count] of [
      ...[[4, 5_000, 3], [8, 700, 5], [2 ** 20, 40_000, 2], [2 ** 32, 33_001, 130]],
      ...[[2 ** 32, 1, 1], [16, 2, 70], [2 ** 31, 623, 2]],
    ] as const
  ) {
    const seeds = crypto.getRandomValues(new Uint32Array(count));
    const masks = [...seeds].map((seed, i) => ({
      key: new Uint8Array(Uint32Array.of(seed, 0).buffer),
      sign: i % 3 === 0 ? -1 as const : 1 as const,
    }));
    const vector = Int32Array.from({ length }, (_, i) => Math.imul(i, 0x9e3779b9));
    const expected = Int32Array.from(vector);
    seeds.forEach((seed, i) => {
      const generator = new Mt19937(seed);
      for (let at = 0; at < length;) {
        const value = (generator.next() & (modulus - 1)) >>> 0;
        if (value > modulus - 2) continue;
        expected[at] = (expected[at]! + masks[i]!.sign * value) | 0;
        at++;
      }
    });
    addMasks(vector, masks, modulus);
    // Reduced once, after the last mask.
    const reduced = (all: Int32Array) => all.map((value) => value & (modulus - 1));
    assert.deepEqual(reduced(vector), reduced(expected), `modulus ${modulus}, seeds ${seeds}`);
  }
});

Deno.test("secagg+ mask: a key of another length leaves the vector as it was", () => {
  const vector = Int32Array.of(1, 2, 3);
  const masks = [{ key: new Uint8Array(4), sign: 1 as const }, {
    key: new Uint8Array(5),
    sign: 1 as const,
  }];
  assert.throws(() => addMasks(vector, masks, 2 ** 32), { code: "invalid-argument" });
  assert.deepEqual([...vector], [1, 2, 3]);
});

Deno.test("secagg+ mask: the seed is the XOR of the key's words", () => {
  assert.equal(maskSeed(Uint8Array.of(1, 0, 0, 0x80, 2, 0, 0, 0)), 0x80000003);
  assert.throws(() => maskSeed(new Uint8Array(5)), { code: "invalid-argument" });
});

const NUMPY = [0, 1, 2, 0, 1, 2, 0, 1, 2, 2, 2, 0];
