import assert from "node:assert/strict";
import { MAX_NODE_NAME_LENGTH, nodeNameProblem } from "./node_name.ts";

Deno.test("a node's name is short, visible, and has no space at its ends", () => {
  for (const name of ["hospital-b", "Klinik Süd", "1", "a".repeat(MAX_NODE_NAME_LENGTH)]) {
    assert.equal(nodeNameProblem(name), undefined, name);
  }
  const wrong = ["", " a", "a ", "a\u00a0", "a\nb", "a\u001b[2J", "a\u202eb", "a\u200bb", "\ud800"];
  for (const name of [...wrong, "a".repeat(MAX_NODE_NAME_LENGTH + 1)]) {
    assert.ok(nodeNameProblem(name) !== undefined, JSON.stringify(name));
  }
});
