import assert from "node:assert/strict";
import { TempDir } from "../tests/support/tempdir.ts";
import { DownloadedApps } from "./downloaded_apps.ts";

/** Installs an app with this size in bytes, last used at a time in seconds. */
async function install(
  home: string,
  kept: DownloadedApps,
  name: string,
  bytes: number,
  usedAt: number,
) {
  const use = await kept.use(name);
  await Deno.mkdir(`${home}/apps/${name}/sub`, { recursive: true });
  await Deno.writeFile(`${home}/apps/${name}/sub/client.ts`, new Uint8Array(bytes));
  await Deno.utime(`${home}/apps/.brought/${name}`, usedAt, usedAt);
  return use;
}

async function thereIn(home: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(`${home}/apps`));
  return entries.map(({ name }) => name).filter((name) => !name.startsWith(".")).sort();
}

Deno.test("the number of downloaded apps is limited: the least recently used is removed, and none in use", async () => {
  await using home = await TempDir.make();
  const kept = new DownloadedApps(home.path, { apps: 2, bytes: 1000 });
  using _used = await install(home.path, kept, "a", 1, 1);
  for (const [name, at] of [["b", 2], ["c", 3], ["d", 4]] as const) {
    (await install(home.path, kept, name, 1, at))[Symbol.dispose]();
  }
  // Like another process, which sees only the lock.
  assert.deepEqual(await new DownloadedApps(home.path, { apps: 2, bytes: 1000 }).makeRoom(), [
    "b",
    "c",
  ]);
  assert.deepEqual(await thereIn(home.path), ["a", "d"]);
});

Deno.test("the size of downloaded apps is limited, and apps installed otherwise stay", async () => {
  await using home = await TempDir.make();
  const kept = new DownloadedApps(home.path, { apps: 9, bytes: 25 });
  await Deno.mkdir(`${home.path}/apps/owners`, { recursive: true });
  await Deno.writeFile(`${home.path}/apps/owners/client.ts`, new Uint8Array(100));
  (await kept.use("owners"))[Symbol.dispose]();
  for (const [name, at] of [["a", 1], ["b", 2], ["c", 3]] as const) {
    (await install(home.path, kept, name, 10, at))[Symbol.dispose]();
  }
  assert.deepEqual(await kept.makeRoom(), ["a"]);
  assert.deepEqual(await thereIn(home.path), ["b", "c", "owners"]);
  assert.deepEqual(await kept.makeRoom(), []);
});

Deno.test("a downloaded app that the user then installs stays", async () => {
  await using home = await TempDir.make();
  const kept = new DownloadedApps(home.path, { apps: 0, bytes: 0 });
  for (const name of ["brought", "owned"]) {
    (await install(home.path, kept, name, 1, 1))[Symbol.dispose]();
  }
  await kept.own("owned");
  assert.deepEqual(await kept.makeRoom(), ["brought"]);
  assert.deepEqual(await thereIn(home.path), ["owned"]);
});

Deno.test("an app that cannot be removed does not prevent the removal of others", async () => {
  await using home = await TempDir.make();
  const kept = new DownloadedApps(home.path, { apps: 0, bytes: 0 });
  (await install(home.path, kept, "b", 1, 2))[Symbol.dispose]();
  await Deno.mkdir(`${home.path}/apps/.brought/a`);
  await Deno.utime(`${home.path}/apps/.brought/a`, 1, 1);
  assert.deepEqual(await kept.makeRoom(), ["b"]);
});

Deno.test("an app is measured once, which does not count as a use", async () => {
  await using home = await TempDir.make();
  const kept = new DownloadedApps(home.path, { apps: 9, bytes: 25 });
  for (const [name, at] of [["a", 2], ["b", 1]] as const) {
    (await install(home.path, kept, name, 10, at))[Symbol.dispose]();
  }
  assert.deepEqual(await kept.makeRoom(), []);
  const mark = `${home.path}/apps/.brought/b`;
  assert.equal((await Deno.stat(mark)).mtime?.getTime(), 1000);
  // A file added later does not count, because the app is not measured again.
  await Deno.writeFile(`${home.path}/apps/b/later`, new Uint8Array(100));
  assert.deepEqual(await kept.makeRoom(), []);
  await Deno.writeTextFile(mark, "no number");
  await Deno.utime(mark, 1, 1);
  assert.deepEqual(await new DownloadedApps(home.path, { apps: 9, bytes: 25 }).makeRoom(), ["b"]);
});

Deno.test("a folder of apps that cannot be used is reported", async () => {
  await using home = await TempDir.make();
  await Deno.writeTextFile(`${home.path}/apps`, "a file");
  const kept = new DownloadedApps(home.path);
  for (const act of [() => kept.use("a"), () => kept.own("a"), () => kept.makeRoom()]) {
    await assert.rejects(act, {
      code: "failed-precondition",
      message: /Apps cannot be kept in ".*apps"/,
    });
  }
});
