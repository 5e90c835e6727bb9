import assert from "node:assert/strict";
import { roundKeysStatement } from "./round_keys_statement.ts";

Deno.test("a statement of round keys has a prefix, the run, the node and the digest, and no other length", () => {
  const digest = new Uint8Array(32).fill(9);
  const made = roundKeysStatement(1n, 2n ** 64n - 1n, digest);
  const prefix = new TextEncoder().encode(
    "flwr secure aggregation 1: keys of a node for a round\0",
  );
  const expected = `${prefix.toHex()}0000000000000001ffffffffffffffff${digest.toHex()}`;
  assert.equal(made.toHex(), expected);
  const code = { code: "invalid-argument" };
  for (const length of [0, 31, 33, 1_000]) {
    assert.throws(() => roundKeysStatement(1n, 2n, new Uint8Array(length)), code);
  }
  const text = "2026-11-30T10:00:00.000000+00:00";
  assert.throws(() => roundKeysStatement(1n, 2n, text as unknown as Uint8Array), code);
});
