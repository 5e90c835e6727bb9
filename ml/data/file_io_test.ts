import assert from "node:assert/strict";
import { join } from "node:path";
import { withFileLock } from "./file_io.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";

const inFolder = (test: (path: string) => Promise<void>) =>
  inTemporaryFolder((folder) => test(join(folder, "lock")));

Deno.test("file lock: owners take turns, and onWait is called once", () =>
  inFolder(async (path) => {
    const events: string[] = [];
    const { promise: held, resolve: hold } = Promise.withResolvers<void>();
    const { promise: end, resolve: release } = Promise.withResolvers<void>();
    const first = withFileLock(path, async () => {
      hold();
      await end;
      events.push("first ends");
    }, () => events.push("first waits"));
    await held;
    const second = withFileLock(path, () => Promise.resolve(events.push("second")), () => {
      events.push("second waits");
      release();
    });
    await Promise.all([first, second]);
    assert.deepEqual(events, ["second waits", "first ends", "second"]);
  }));

Deno.test("file lock: work that fails releases the lock", () =>
  inFolder(async (path) => {
    await assert.rejects(withFileLock(path, () => Promise.reject(new Error("no"))), /^Error: no$/);
    assert.equal(await withFileLock(path, () => Promise.resolve(7), () => assert.fail()), 7);
  }));

testWithAllRights(
  "file lock: a killed process releases the lock",
  () =>
    inFolder(async (path) => {
      const code = `
      const file = await Deno.open(Deno.args[0], { create: true, write: true });
      await file.lock(true);
      console.log("held");
      await new Promise((resolve) => setTimeout(resolve, 60_000));`;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", code, path],
        stdout: "piped",
      }).spawn();
      const reader = child.stdout.getReader();
      assert.match(new TextDecoder().decode((await reader.read()).value), /^held/);
      let waited = false;
      const got = withFileLock(path, () => Promise.resolve("got"), () => {
        waited = true;
        child.kill("SIGKILL");
      });
      assert.equal(await got, "got");
      assert(waited);
      await child.status;
      await reader.cancel();
    }),
);
