import assert from "node:assert/strict";
import { rayFolderVariables } from "./ray_folder.ts";

Deno.test("Ray's files are put into the folder, unless the user's Ray is somewhere else", async () => {
  const parent = await Deno.makeTempDir({ dir: "/tmp", prefix: "f-" });
  const folder = `${parent}/a`;
  try {
    assert.deepEqual(await rayFolderVariables(folder, {}), { RAY_TMPDIR: folder });
    assert.deepEqual(await rayFolderVariables(folder, { RAY_TMPDIR: "/data" }), {});
    assert.deepEqual(await rayFolderVariables(folder, { RAY_ADDRESS: "10.0.0.1:6379" }), {});
    // A socket below it would have a path of more than 103 characters.
    assert.deepEqual(await rayFolderVariables(`/tmp/${"a".repeat(31)}`, {}), {});
    await Deno.mkdir(`${parent}/ray`);
    await Deno.writeTextFile(`${parent}/ray/ray_current_cluster`, "10.0.0.1:6379");
    assert.deepEqual(await rayFolderVariables(folder, {}), {});
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});
