import assert from "node:assert/strict";
import { TempDir } from "../../../tests/support/tempdir.ts";
import { placeProgram } from "./place_program.ts";

/** Creates an unpacked program of two files and their list, all with the same text. */
async function unpacked(folder: string, text: string): Promise<string> {
  await Deno.mkdir(`${folder}/below`, { recursive: true });
  for (const file of ["main.js", "below/module.js", ".files"]) {
    await Deno.writeTextFile(`${folder}/${file}`, text);
  }
  return folder;
}

async function texts(folder: string): Promise<string[]> {
  const files = ["main.js", "below/module.js", ".files"];
  return await Promise.all(files.map((file) => Deno.readTextFile(`${folder}/${file}`)));
}

Deno.test("an unpacked program gets its name", async () => {
  await using temp = await TempDir.make();
  const folder = temp.path;
  await placeProgram(await unpacked(`${folder}/unfinished`, "new"), `${folder}/program`);
  assert.deepEqual(await texts(`${folder}/program`), ["new", "new", "new"]);
  assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 1);
});

Deno.test("a damaged program is repaired file by file, not moved into", async () => {
  await using temp = await TempDir.make();
  const folder = temp.path;
  const program = await unpacked(`${folder}/program`, "old");
  await Deno.remove(`${program}/below`, { recursive: true });
  await placeProgram(await unpacked(`${folder}/unfinished`, "new"), program);
  assert.deepEqual(await texts(program), ["new", "new", "new"]);
  const names = (await Array.fromAsync(Deno.readDir(program))).map(({ name }) => name);
  assert.deepEqual(names.toSorted(), [".files", "below", "main.js"]);
});

Deno.test("a program that several starts place at once is complete", async () => {
  await using temp = await TempDir.make();
  const folder = temp.path;
  const starts = await Promise.all(
    ["1", "2", "3"].map((name) => unpacked(`${folder}/${name}`, "new")),
  );
  await Promise.all(starts.map((start) => placeProgram(start, `${folder}/program`)));
  assert.deepEqual(await texts(`${folder}/program`), ["new", "new", "new"]);
});

Deno.test("a file is not replaced", async () => {
  await using temp = await TempDir.make();
  const folder = temp.path;
  await Deno.writeTextFile(`${folder}/program`, "a file");
  const start = await unpacked(`${folder}/unfinished`, "new");
  await assert.rejects(placeProgram(start, `${folder}/program`));
  assert.equal(await Deno.readTextFile(`${folder}/program`), "a file");
});
