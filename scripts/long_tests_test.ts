import assert from "node:assert/strict";
import { join } from "node:path";
import { LONG_TESTS, longestFirst } from "./long_tests.ts";
import { testFiles } from "./test_groups.ts";
import { sharesThread } from "./unit_tests.ts";

Deno.test("the longest tests come first, the others in their order", () => {
  const [first, second] = ["tests/interop/flwr_1_9_test.ts", "tests/link/crash_test.ts"];
  assert.ok(LONG_TESTS[first]! > LONG_TESTS[second]!);
  assert.deepEqual(longestFirst(["b_test.ts", second, "a_test.ts", first]), [
    first,
    second,
    "b_test.ts",
    "a_test.ts",
  ]);
});

Deno.test("every long test exists and has a thread of its own", async () => {
  const files = await testFiles(join(import.meta.dirname!, ".."), []);
  assert.deepEqual(Object.keys(LONG_TESTS).filter((file) => !files.includes(file)), []);
  assert.deepEqual(Object.keys(LONG_TESTS).filter(sharesThread), []);
});
