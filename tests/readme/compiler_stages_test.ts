/** The listings in docs/compiler.md are what the compiler does. */
import assert from "node:assert/strict";
import { stages } from "../../scripts/passes/stages.ts";
import { repositoryPath } from "../support/repository.ts";
import { codeBlocks } from "./markdown.ts";

Deno.test("docs/compiler.md: a listing for each stage of the compiler, as scripts/show_passes.ts prints it", async () => {
  const document = await Deno.readTextFile(repositoryPath("docs/compiler.md"));
  const shown = codeBlocks(document).filter(({ language }) => language === "text")
    .map(({ heading, text }) => ({ title: heading.replaceAll("`", ""), text }));
  assert.deepEqual(shown, stages());
});
