import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { FolderStore } from "./folder_store.ts";
import { all, hasCode, objectStoreSuite, someObject } from "./testing/suite.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const pathOf = (folder: string, location: string) =>
  `${folder}/${location.slice(0, 2)}/${location}`;

objectStoreSuite("folder", (name, body) => {
  Deno.test(name, () =>
    withFolder(async (folder) => {
      const store = new FolderStore(folder);
      if (!name.startsWith("a store belongs")) await store.owner("a database");
      await body({
        store,
        twin: new FolderStore(folder),
        overwrite: (location, bytes) => Deno.writeFile(pathOf(folder, location), bytes),
        async addForeign(name) {
          await Deno.writeTextFile(`${folder}/${name}`, "");
          await Deno.mkdir(`${folder}/00`, { recursive: true });
          await Deno.writeTextFile(`${folder}/00/${name}`, "");
        },
      });
    }));
});

Deno.test(
  "only the owner reads the files of objects",
  { ignore: Deno.build.os === "windows" },
  () =>
    withFolder(async (folder) => {
      const store = new FolderStore(folder);
      await store.owner("a database");
      const { bytes, location } = someObject(10);
      await store.put(location, bytes);
      assert.equal((await Deno.stat(pathOf(folder, location))).mode! & 0o777, 0o600);
      assert.equal((await Deno.stat(`${folder}/${location.slice(0, 2)}`)).mode! & 0o777, 0o700);
    }),
);

Deno.test("what a crash left of a file is never read, and is removed after an hour", () =>
  withFolder(async (folder) => {
    const store = new FolderStore(folder);
    await store.owner("a database");
    const { bytes, location } = someObject(10);
    await store.put(location, bytes);
    const unfinished = someObject(10);
    const path = `${pathOf(folder, location)}.part`;
    await Deno.writeFile(path, unfinished.bytes);
    assert.equal((await all(store)).length, 1);
    await Deno.stat(path);
    const past = new Date(Date.now() - 2 * 3600 * 1000);
    await Deno.utime(path, past, past);
    assert.equal((await all(store)).length, 1);
    await assert.rejects(() => Deno.stat(path), Deno.errors.NotFound);
  }));

Deno.test("a folder that is not mounted is unavailable, and gets nothing", () =>
  withFolder(async (folder) => {
    const store = new FolderStore(folder);
    await store.owner("a database");
    const { bytes, location } = someObject(10);
    await store.put(location, bytes);
    // Its place is another, empty folder.
    await Deno.rename(folder, `${folder}-mounted`);
    await Deno.mkdir(folder);
    const unavailable = (error: unknown) =>
      error instanceof FlwrError && error.code === "unavailable" &&
      error.hints.join().includes(folder) && !error.message.includes(folder);
    await assert.rejects(() => store.get(location, 10), unavailable);
    await assert.rejects(() => store.put(location, bytes), unavailable);
    await assert.rejects(() => store.list(""), unavailable);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await Deno.remove(folder);
    await assert.rejects(() => store.put(location, bytes), unavailable);
    await Deno.rename(`${folder}-mounted`, folder);
    assert.deepEqual(await store.get(location, 10), bytes);
  }));

Deno.test("a location is never a path to another place", () =>
  withFolder(async (folder) => {
    const store = new FolderStore(folder);
    for (const location of ["../../etc/passwd", "", "ab", `${"a".repeat(64)}.x/../../b`]) {
      await assert.rejects(() => store.get(location, 1), hasCode("internal"));
    }
  }));
