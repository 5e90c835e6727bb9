import assert from "node:assert/strict";
import { fuzzSeed } from "./seed.ts";

Deno.test("fuzz: the daily seed is fixed, the nightly one random, and FUZZ_SEED repeats a run", () => {
  const seeds = (nightly: boolean) =>
    new Set(Array.from({ length: 20 }, () => fuzzSeed(undefined, nightly)));
  assert.equal(seeds(false).size, 1);
  assert.ok(seeds(true).size > 1);
  for (const seed of seeds(true)) assert.equal(fuzzSeed(String(seed), true), seed);
});

Deno.test("fuzz: a FUZZ_SEED that is not an integer of 32 bits is refused", () => {
  for (const text of ["", " ", "x", "1.5", "4294967296"]) {
    assert.throws(() => fuzzSeed(text), RangeError, text);
  }
});
