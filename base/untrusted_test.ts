import assert from "node:assert/strict";
import {
  bigintOf,
  choiceOf,
  fieldsOf,
  integerOf,
  listOf,
  numberOf,
  pairOf,
  textOf,
} from "./untrusted.ts";

const refused = (message: RegExp) => ({ code: "invalid-argument", message });

Deno.test("expected values are returned unchanged", () => {
  assert.deepEqual(fieldsOf({ a: 1 }, "x"), { a: 1 });
  assert.deepEqual(listOf([1, 2], "x", 2), [1, 2]);
  assert.deepEqual(pairOf(["a", 1], "x"), ["a", 1]);
  assert.equal(textOf("ab", "x", 2), "ab");
  assert.equal(integerOf(3, "x", 3, 3), 3);
  assert.ok(Number.isNaN(numberOf(NaN, "x")));
  assert.equal(bigintOf(-1n, "x", -1n, 0n), -1n);
  assert.equal(choiceOf("b", "x", ["a", "b"]), "b");
});

Deno.test("other values are refused with their name, but without their content", () => {
  for (const value of [null, [], "text", new Map(), Object.create({ a: 1 })]) {
    assert.throws(() => fieldsOf(value, "Frame"), refused(/^Frame must be a plain object: got /));
  }
  assert.throws(
    () => listOf([1, 2, 3], "Names", 2),
    refused(/at most 2 elements: got a list of 3/),
  );
  assert.throws(() => pairOf([1], "Entry"), refused(/Entry must be a pair/));
  assert.throws(() => textOf("a".repeat(1e6), "Name", 5), refused(/got a text of 1000000 char/));
  for (const value of [0, 5, 1.5, NaN, "2", 2n]) {
    assert.throws(
      () => integerOf(value, "Id", 1, 4),
      refused(/Id must be a whole number from 1 to 4/),
    );
  }
  assert.throws(() => numberOf("1", "Loss"), refused(/Loss must be a number/));
  assert.throws(() => bigintOf(2n ** 64n, "Run", 0n, 5n), refused(/an integer from 0 to 5/));
  assert.throws(() => choiceOf("__proto__", "Kind", ["a"]), refused(/Kind must be one of a/));
});
