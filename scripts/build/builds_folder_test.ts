import assert from "node:assert/strict";
import { basename } from "node:path";
import { BUILT_CONFIG, type BuiltFiles, KEPT_BUILDS, placeBuild } from "./builds_folder.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";

function build(text: string): BuiltFiles {
  const encoder = new TextEncoder();
  return new Map([
    ["main.js", encoder.encode(text)],
    ["templates/app.ts", encoder.encode("app")],
    [BUILT_CONFIG, encoder.encode("{}")],
  ]);
}

Deno.test("a build is complete, in a folder named by its content", () =>
  inTemporaryFolder(async (builds) => {
    const one = await placeBuild(builds, build("1"), new Date(1_000_000));
    assert.equal(await Deno.readTextFile(`${one}/main.js`), "1");
    assert.equal(await Deno.readTextFile(`${one}/templates/app.ts`), "app");
    const two = await placeBuild(builds, build("2"), new Date(2_000_000));
    assert.notEqual(two, one);
    assert.equal(await Deno.readTextFile(`${one}/main.js`), "1", "a program may run from there");
    assert.equal(await placeBuild(builds, build("1"), new Date(3_000_000)), one);
    const { mtime } = await Deno.stat(`${one}/${BUILT_CONFIG}`);
    assert.equal(mtime!.getTime(), 3_000_000, "the same sources, read later");
  }));

Deno.test("a build with missing files is completed", () =>
  inTemporaryFolder(async (builds) => {
    const folder = await placeBuild(builds, build("1"), new Date(1_000_000));
    await Deno.remove(`${folder}/main.js`);
    assert.equal(await placeBuild(builds, build("1"), new Date(2_000_000)), folder);
    assert.equal(await Deno.readTextFile(`${folder}/main.js`), "1");
    assert.deepEqual(Array.from(Deno.readDirSync(builds), ({ name }) => name), [basename(folder)]);
  }));

Deno.test("old builds are removed, and nothing else", () =>
  inTemporaryFolder(async (builds) => {
    await Deno.writeTextFile(`${builds}/flwr`, "an executable");
    const folders: string[] = [];
    for (let i = 0; i < KEPT_BUILDS + 3; i++) {
      folders.push(await placeBuild(builds, build(`${i}`), new Date((i + 1) * 1_000_000)));
    }
    const left = Array.from(Deno.readDirSync(builds), ({ name }) => name).toSorted();
    const newest = folders.slice(-KEPT_BUILDS - 1).map((folder) => basename(folder));
    assert.deepEqual(left, [...newest, "flwr"].toSorted());
  }));
