import assert from "node:assert/strict";
import { TempDir } from "../tests/support/tempdir.ts";
import { KeptApps } from "./kept_apps.ts";

/** Installs an app of so many bytes, used at a time in seconds. */
async function install(home: string, kept: KeptApps, name: string, bytes: number, usedAt: number) {
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

Deno.test("apps that runs brought are bounded in number: the longest unused goes, none in use", async () => {
  await using home = await TempDir.make();
  const kept = new KeptApps(home.path, { apps: 2, bytes: 1000 });
  using _used = await install(home.path, kept, "a", 1, 1);
  for (const [name, at] of [["b", 2], ["c", 3], ["d", 4]] as const) {
    (await install(home.path, kept, name, 1, at))[Symbol.dispose]();
  }
  // As another process does, which knows of the use by the lock alone.
  assert.deepEqual(await new KeptApps(home.path, { apps: 2, bytes: 1000 }).makeRoom(), ["b", "c"]);
  assert.deepEqual(await thereIn(home.path), ["a", "d"]);
});

Deno.test("apps that runs brought are bounded in bytes; what others installed stays", async () => {
  await using home = await TempDir.make();
  const kept = new KeptApps(home.path, { apps: 9, bytes: 25 });
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

Deno.test("an app that its owner installs after a run brought it stays", async () => {
  await using home = await TempDir.make();
  const kept = new KeptApps(home.path, { apps: 0, bytes: 0 });
  for (const name of ["brought", "owned"]) {
    (await install(home.path, kept, name, 1, 1))[Symbol.dispose]();
  }
  await kept.own("owned");
  assert.deepEqual(await kept.makeRoom(), ["brought"]);
  assert.deepEqual(await thereIn(home.path), ["owned"]);
});

Deno.test("an app that cannot be removed keeps no other from going", async () => {
  await using home = await TempDir.make();
  const kept = new KeptApps(home.path, { apps: 0, bytes: 0 });
  (await install(home.path, kept, "b", 1, 2))[Symbol.dispose]();
  await Deno.mkdir(`${home.path}/apps/.brought/a`);
  await Deno.utime(`${home.path}/apps/.brought/a`, 1, 1);
  assert.deepEqual(await kept.makeRoom(), ["b"]);
});

Deno.test("the files of an app are counted once, which is no use of it", async () => {
  await using home = await TempDir.make();
  const kept = new KeptApps(home.path, { apps: 9, bytes: 25 });
  for (const [name, at] of [["a", 2], ["b", 1]] as const) {
    (await install(home.path, kept, name, 10, at))[Symbol.dispose]();
  }
  assert.deepEqual(await kept.makeRoom(), []);
  const mark = `${home.path}/apps/.brought/b`;
  assert.equal((await Deno.stat(mark)).mtime?.getTime(), 1000);
  // What is written beside an app later does not count, for its files are not looked at again.
  await Deno.writeFile(`${home.path}/apps/b/later`, new Uint8Array(100));
  assert.deepEqual(await kept.makeRoom(), []);
  await Deno.writeTextFile(mark, "no number");
  await Deno.utime(mark, 1, 1);
  assert.deepEqual(await new KeptApps(home.path, { apps: 9, bytes: 25 }).makeRoom(), ["b"]);
});

Deno.test("where apps cannot be kept, that is told in words", async () => {
  await using home = await TempDir.make();
  await Deno.writeTextFile(`${home.path}/apps`, "a file");
  const kept = new KeptApps(home.path);
  for (const act of [() => kept.use("a"), () => kept.own("a"), () => kept.makeRoom()]) {
    await assert.rejects(act, {
      code: "failed-precondition",
      message: /Apps cannot be kept in ".*apps"/,
    });
  }
});
