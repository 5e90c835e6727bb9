import assert from "node:assert/strict";
import { residentMib, slope } from "./memory.ts";

Deno.test("the slope of a line is its rise for each value", () => {
  assert.equal(slope([1, 3, 5, 7]), 2);
  assert.equal(slope([4, 4, 4]), 0);
  assert.ok(Math.abs(slope([0, 10, 0, 10, 0])) < 1e-12);
});

Deno.test({
  name: "a process takes some memory",
  ignore: Deno.build.os !== "linux",
  fn: async () => assert.ok(await residentMib(Deno.pid) > 10),
});
