import assert from "node:assert/strict";
import { testWithAllRights } from "../../../../base/testing/all_rights.ts";
import ts from "typescript";
import { globalTypes, readTypes, withoutComments } from "./installation.ts";

/** Declarations as the compiler writes them. */
function declarations(text: string): string {
  const file = ts.createSourceFile("flwr.d.ts", text, ts.ScriptTarget.ESNext, true);
  return ts.createPrinter({ removeComments: true }).printFile(file);
}

testWithAllRights(
  "the types of the check have all declarations of the installed ones, and no comments",
  async () => {
    const globals = new TextDecoder().decode(await globalTypes());
    for (const types of [await readTypes(), globals]) {
      const bare = withoutComments(types);
      assert.equal(declarations(bare), declarations(types));
      assert.ok(!bare.includes("/**"));
    }
  },
);
