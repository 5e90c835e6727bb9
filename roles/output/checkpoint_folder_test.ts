import assert from "node:assert/strict";
import { CheckpointFolder, requireCheckpoints } from "./checkpoint_folder.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";

const names = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

Deno.test("checkpoint folder: a run goes on from the folder of another, and copies what it read", () =>
  inTemporaryFolder(async (parent) => {
    const first = new CheckpointFolder(`${parent}/first`);
    assert.deepEqual([first.isUsed, await names(parent)], [false, []]);
    assert.equal(await first.load("start-1"), undefined);
    await first.save("start-1", Uint8Array.of(1, 2, 3));
    await first.save("start-1", Uint8Array.of(4, 5));
    assert.equal(first.isUsed, true);
    assert.deepEqual(await names(`${parent}/first/.checkpoint`), ["start-1.checkpoint"]);

    for (const folder of [`${parent}/first`, `${parent}/first/.checkpoint`]) {
      const second = new CheckpointFolder(`${parent}/second`, await requireCheckpoints(folder));
      assert.deepEqual(await second.load("start-1"), Uint8Array.of(4, 5));
      assert.equal(await second.load("start-2"), undefined);
      await requireCheckpoints(`${parent}/second`);
      await Deno.remove(`${parent}/second`, { recursive: true });
    }
  }));

Deno.test("checkpoint folder: a folder without checkpoints is refused, naming the flag", () =>
  inTemporaryFolder(async (folder) => {
    const refusal = { code: "not-found", message: /--resume.*no checkpoint/ };
    await assert.rejects(requireCheckpoints(folder), refusal);
    await assert.rejects(requireCheckpoints(`${folder}/none`), refusal);
    // What a crash left behind is not a checkpoint.
    await Deno.writeTextFile(`${folder}/start-1.checkpoint.unfinished`, "");
    await assert.rejects(requireCheckpoints(folder), refusal);
  }));

Deno.test("checkpoint folder: the error for a checkpoint that cannot be written names it", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/.checkpoint`, "");
    await assert.rejects(new CheckpointFolder(folder).save("start-1", Uint8Array.of(1)), {
      code: "failed-precondition",
      message: `Cannot write checkpoint "${folder}/.checkpoint/start-1.checkpoint"`,
    });
  }));
