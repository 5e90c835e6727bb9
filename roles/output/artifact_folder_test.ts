import assert from "node:assert/strict";
import { ArtifactFolder, requireNewFolder } from "./artifact_folder.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";

const names = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

Deno.test("artifact folder: it is created for the first file, and a file that is saved again is replaced", () =>
  inTemporaryFolder(async (parent) => {
    const folder = `${parent}/new`;
    const store = new ArtifactFolder(folder);
    assert.deepEqual(await names(parent), []);
    await store.save("round-1/m", new Uint8Array([1]));
    await store.save("m", new Uint8Array([2]));
    await store.save("m", new Uint8Array([3, 4]));
    assert.deepEqual(await Deno.readFile(`${folder}/m`), new Uint8Array([3, 4]));
    assert.deepEqual(await Deno.readFile(`${folder}/round-1/m`), new Uint8Array([1]));
    assert.deepEqual(await names(folder), ["m", "round-1"]);
    await assert.rejects(store.save("M", new Uint8Array()), { code: "invalid-argument" });
    await assert.rejects(store.save("m/x", new Uint8Array()), { code: "invalid-argument" });
  }));

Deno.test("artifact folder: the error for a file that cannot be written names it, and nothing of it stays", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.mkdir(`${folder}/m`);
    await assert.rejects(new ArtifactFolder(folder).save("m", new Uint8Array()), {
      code: "failed-precondition",
      message: `Cannot write artifact "${folder}/m"`,
    });
    assert.deepEqual(await names(folder), ["m"]);
  }));

Deno.test("artifact folder: only a new or empty one is accepted", () =>
  inTemporaryFolder(async (folder) => {
    await requireNewFolder(folder, "--artifacts");
    await requireNewFolder(`${folder}/new`, "--artifacts");
    await Deno.writeTextFile(`${folder}/history.json`, "");
    await requireNewFolder(folder, "--artifacts", ["history.json"]);
    await assert.rejects(requireNewFolder(folder, "--output"), { code: "already-exists" });
    await Deno.remove(`${folder}/history.json`);
    await Deno.writeTextFile(`${folder}/mine`, "");
    await assert.rejects(requireNewFolder(folder, "--artifacts"), {
      code: "already-exists",
      message: /"mine"/,
    });
    await assert.rejects(requireNewFolder(`${folder}/mine`, "--artifacts"), {
      code: "failed-precondition",
      message: /^--artifacts: /,
    });
  }));
