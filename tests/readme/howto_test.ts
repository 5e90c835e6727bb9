/** The code of docs/howto.md passes the type check, and its test of an app runs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createApp } from "../../roles/cli/apps/new/create_app.ts";
import { TEMPLATES } from "../../roles/cli/apps/new/template.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario } from "../support/stage.ts";
import { codeBlocks } from "./markdown.ts";

const PAGE = await Deno.readTextFile(repositoryPath("docs/howto.md"));

scenario("howto: its code passes the type check, and its test runs on a new app", async (stage) => {
  const template = TEMPLATES["minimal"]!;
  const parent = stage.folder.path;
  const { folder } = await createApp({ name: "my-app", publisher: "me", template, parent });
  const blocks = codeBlocks(PAGE).filter(({ language }) => language === "ts");
  assert.ok(blocks.length >= 5);
  const files = await Promise.all(blocks.map(async ({ text }, i) => {
    const file = join(folder, `block${i}${text.includes("Deno.test(") ? "_test" : ""}.ts`);
    await Deno.writeTextFile(file, `${text}\n`);
    return file;
  }));
  const deno = (...args: string[]) =>
    stage.start({ name: args[0]!, command: Deno.execPath(), args, cwd: folder });
  const check = deno("check", ...files);
  assert.equal((await check.ended(60)).code, 0, check.tail());
  const test = deno("test", "-A", "--no-check");
  assert.equal((await test.ended(60)).code, 0, test.tail());
  assert.ok(test.lines.some((line) => /3 passed/.test(line)));
});
