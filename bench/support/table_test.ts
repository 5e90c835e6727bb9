import assert from "node:assert/strict";
import { formatTable } from "./table.ts";

Deno.test("formatTable: columns are as wide as their widest cell", () => {
  assert.deepEqual(
    formatTable(["what", "best"], [["wall time", "4.5 s"], ["x", "12.25 s"]]),
    [
      "| what      |    best |",
      "| --------- | ------: |",
      "| wall time |   4.5 s |",
      "| x         | 12.25 s |",
    ],
  );
});

Deno.test("formatTable: a narrow column still has a rule that Markdown takes", () => {
  assert.deepEqual(formatTable(["a", "b"], []), ["| a   |   b |", "| --- | --: |"]);
});
