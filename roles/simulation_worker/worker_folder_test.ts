import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";
import { WorkerFolder } from "./worker_folder.ts";

const HOUR_AGO = new Date(Date.now() - 3_600_000);

/** Makes the folder that a killed worker leaves. */
async function leave(parent: string, name: string, { at = HOUR_AGO, hasLock = true } = {}) {
  const folder = join(parent, name);
  await Deno.mkdir(join(folder, "app"), { recursive: true });
  if (hasLock) await Deno.writeTextFile(join(folder, ".lock"), "");
  await Deno.utime(folder, at, at);
  return folder;
}

Deno.test("WorkerFolder: folders of workers that were killed are removed, and no others", () =>
  inTemporaryFolder(async (parent) => {
    const left = await leave(parent, "flwr-worker-left");
    const kept = [
      await leave(parent, "flwr-worker-new", { at: new Date() }),
      await leave(parent, "flwr-worker-strange", { hasLock: false }),
      await leave(parent, "flwr-other"),
    ];
    const running = await WorkerFolder.create(parent);
    await Deno.utime(running.path, HOUR_AGO, HOUR_AGO);
    {
      await using other = await WorkerFolder.create(parent);
      for (const folder of [...kept, running.path, other.path]) {
        assert.ok(existsSync(folder), folder);
      }
      assert.ok(!existsSync(left));
    }
    await running[Symbol.asyncDispose]();
    assert.deepEqual(
      [...Deno.readDirSync(parent)].map(({ name }) => name).sort(),
      ["flwr-other", "flwr-worker-new", "flwr-worker-strange"],
    );
  }));
