import assert from "node:assert/strict";
import { readNodeName, usableName } from "./node_name.ts";

Deno.test("node name: a server refuses an invalid one, a client drops it", () => {
  assert.deepEqual(readNodeName(""), {});
  assert.deepEqual(readNodeName("b"), { name: "b" });
  assert.throws(() => readNodeName("a\u001b[2J"), { code: "invalid-argument" });
  assert.deepEqual(["b", "", "a\u001b[2J", "x".repeat(65), undefined].map(usableName), [
    { name: "b" },
    {},
    {},
    {},
    {},
  ]);
});
