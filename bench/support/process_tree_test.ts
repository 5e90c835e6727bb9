import assert from "node:assert/strict";
import { parseParent, processTree, residentOfTree } from "./process_tree.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";

Deno.test("parseParent: the name of a command may contain anything", () => {
  assert.equal(parseParent("12 (a b) R) S 7 12 12 0 -1"), 7);
});

testWithAllRights("processTree: children count, and so does their memory", async () => {
  await using child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  assert.ok((await processTree(Deno.pid)).includes(child.pid));
  assert.ok(await residentOfTree(Deno.pid) > await residentOfTree(child.pid));
  assert.ok(await residentOfTree(child.pid) > 0);
});
