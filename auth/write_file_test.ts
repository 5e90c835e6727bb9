import assert from "node:assert/strict";
import { replaceFile, writeNewFile } from "./write_file.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";

/** Permission bits of a file, in octal. */
async function modeOf(file: string): Promise<string> {
  return ((await Deno.stat(file)).mode! & 0o777).toString(8);
}

Deno.test("a private file is readable only by its owner, a public one by all", () =>
  inTemporaryFolder(async (folder) => {
    await writeNewFile(`${folder}/a`, "secret", "private");
    await writeNewFile(`${folder}/b`, "known", "public");
    assert.deepEqual([await modeOf(`${folder}/a`), await modeOf(`${folder}/b`)], ["600", "644"]);
  }));

Deno.test("an existing file is not overwritten", () =>
  inTemporaryFolder(async (folder) => {
    await writeNewFile(`${folder}/a`, "first", "private");
    await assert.rejects(writeNewFile(`${folder}/a`, "second", "private"), {
      code: "already-exists",
    });
    assert.equal(await Deno.readTextFile(`${folder}/a`), "first");
  }));

Deno.test("replacing gives the file the right mode and leaves no temporary file", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a`, "first", { mode: 0o666 });
    const before = await Deno.stat(`${folder}/a`);
    await replaceFile(`${folder}/a`, "second", "private");
    assert.equal(await Deno.readTextFile(`${folder}/a`), "second");
    assert.equal(await modeOf(`${folder}/a`), "600");
    assert.notEqual((await Deno.stat(`${folder}/a`)).ino, before.ino);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["a"]);
  }));

Deno.test("a folder with the same name is an error and leaves no temporary file", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a/b`, { recursive: true });
    await assert.rejects(replaceFile(`${folder}/a`, "x", "public"), {
      code: "failed-precondition",
    });
    await assert.rejects(writeNewFile(`${folder}/c/d`, "x", "public"), {
      code: "failed-precondition",
    });
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["a"]);
  }));
