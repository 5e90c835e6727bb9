import assert from "node:assert/strict";
import { withEnvironment } from "../base/testing/environment.ts";
import { basename, join } from "node:path";
import { fabFolderName, fabLongFolderName } from "./fab.ts";
import { flwrHome } from "./home.ts";
import { installFab } from "./install.ts";
import { readFab } from "./read.ts";
import { appFiles, withApp } from "./testing/app_files.ts";
import { archive } from "./testing/archives.ts";

const fab = readFab(
  archive({ ...appFiles("typescript"), "lib/task.ts": "task", ".info/x.md": "" }),
);
const name = fabFolderName(fab.config, fab.hash);

async function tree(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    if (isDirectory) found.push(...await tree(folder, `${prefix}${name}/`));
    else found.push(prefix + name);
  }
  return found.toSorted();
}

Deno.test("install: the app is in Flower's folder, readable only by the user", () =>
  withApp({}, async (home) => {
    const { folder, config, hash, wasThere } = await installFab(fab, home);
    assert.equal(folder, join(home, "apps", `tester.small.1.0.0.${fab.hash.slice(0, 8)}`));
    assert.deepEqual({ config, hash, wasThere }, {
      config: fab.config,
      hash: fab.hash,
      wasThere: false,
    });
    const files = [".info/FAB_HASH", "client.ts", "lib/task.ts", "pyproject.toml", "server.ts"];
    assert.deepEqual(await tree(join(home, "apps")), files.map((file) => `${name}/${file}`));
    assert.equal(await Deno.readTextFile(join(folder, "lib/task.ts")), "task");
    if (Deno.build.os === "windows") return;
    const mode = async (path: string) => (await Deno.stat(join(home, path))).mode! & 0o777;
    assert.equal(await mode("apps"), 0o700);
    assert.equal(await mode(`apps/${name}`), 0o700);
    assert.equal(await mode(`apps/${name}/lib`), 0o700);
    assert.equal(await mode(`apps/${name}/lib/task.ts`), 0o600);
  }));

Deno.test("install: an intact app is kept, with files that were added to it", () =>
  withApp({}, async (home) => {
    const { folder } = await installFab(fab, home);
    await Deno.writeTextFile(join(folder, "notes.txt"), "mine");
    assert.equal((await installFab(fab, home)).wasThere, true);
    assert.equal(await Deno.readTextFile(join(folder, "notes.txt")), "mine");
  }));

Deno.test("install: a changed or incomplete app is replaced", async (t) => {
  const damages: Record<string, (folder: string) => Promise<void>> = {
    "other bytes": (folder) => Deno.writeTextFile(join(folder, "client.ts"), "evi"),
    "a missing file": (folder) => Deno.remove(join(folder, "client.ts")),
    "a link instead of a file": async (folder) => {
      await Deno.writeTextFile(join(folder, "other.ts"), "app");
      await Deno.remove(join(folder, "client.ts"));
      await Deno.symlink("other.ts", join(folder, "client.ts"));
    },
    "a folder instead of a file": async (folder) => {
      await Deno.remove(join(folder, "client.ts"));
      await Deno.mkdir(join(folder, "client.ts"));
    },
  };
  for (const [title, damage] of Object.entries(damages)) {
    await t.step(title, () =>
      withApp({}, async (home) => {
        const { folder } = await installFab(fab, home);
        await damage(folder);
        assert.equal((await installFab(fab, home)).wasThere, false);
        assert.ok((await Deno.lstat(join(folder, "client.ts"))).isFile);
        assert.equal(await Deno.readTextFile(join(folder, "client.ts")), "app");
        assert.deepEqual((await Array.fromAsync(Deno.readDir(join(home, "apps")))).length, 1);
      }));
  }
});

Deno.test("install: two FABs with the same short hash never replace each other", () =>
  withApp({}, async (home) => {
    const files = { ...appFiles("typescript"), "client.ts": "evil", "deno.json": "evil" };
    const made = readFab(archive(files));
    // Simulated, because finding such a pair takes minutes.
    const evil = { ...made, hash: fab.hash.slice(0, 8) + made.hash.slice(8) };
    for (const [first, second] of [[fab, evil], [evil, fab]] as const) {
      const one = await installFab(first, home);
      const before = await tree(one.folder);
      const other = await installFab(second, home);
      assert.notEqual(other.folder, one.folder);
      assert.equal(other.folder, join(home, "apps", fabLongFolderName(fab.config, second.hash)));
      assert.deepEqual(await tree(one.folder), before);
      for (const [installed, bundle] of [[one, first], [other, second]] as const) {
        assert.deepEqual(
          await Deno.readFile(join(installed.folder, "client.ts")),
          bundle.files.get("client.ts"),
        );
        assert.equal((await installFab(bundle, home)).folder, installed.folder);
        assert.equal((await installFab(bundle, home)).wasThere, true);
      }
      await Deno.remove(join(home, "apps"), { recursive: true });
    }
  }));

Deno.test("install: two FABs with the same short hash, installed at the same time, do not replace each other", () =>
  withApp({}, async (home) => {
    const made = readFab(archive({ ...appFiles("typescript"), "client.ts": "evil" }));
    const evil = { ...made, hash: fab.hash.slice(0, 8) + made.hash.slice(8) };
    const settled = await Promise.allSettled([fab, evil].map((bundle) => installFab(bundle, home)));
    const folders = settled.flatMap((result) => {
      if (result.status === "fulfilled") return [result.value.folder];
      assert.equal(result.reason.code, "unavailable");
      return [];
    });
    assert.equal(new Set(folders).size, folders.length);
    for (const bundle of [fab, evil]) {
      const { folder } = await installFab(bundle, home);
      const client = await Deno.readFile(join(folder, "client.ts"));
      assert.deepEqual(client, bundle.files.get("client.ts"));
    }
  }));

Deno.test("install: a folder of another program is used if it has no other files", () =>
  withApp({}, async (home) => {
    const { folder } = await installFab(fab, home);
    await Deno.remove(join(folder, ".info"), { recursive: true });
    const again = await installFab(fab, home);
    assert.deepEqual([again.folder, again.wasThere], [folder, true]);
    // All files of the FAB, and settings of another one.
    await Deno.writeTextFile(join(folder, "deno.json"), "{}");
    const apart = await installFab(fab, home);
    assert.deepEqual([basename(apart.folder), apart.wasThere], [
      fabLongFolderName(fab.config, fab.hash),
      false,
    ]);
    assert.deepEqual((await tree(apart.folder)).includes("deno.json"), false);
  }));

Deno.test("install: a folder of another program is not replaced by a FAB with all its files and one more", () =>
  withApp({}, async (home) => {
    const { folder } = await installFab(fab, home);
    await Deno.remove(join(folder, ".info"), { recursive: true });
    const before = await tree(folder);
    const all = { ...appFiles("typescript"), "lib/task.ts": "task" };
    const others: Record<string, string>[] = [
      { "client.ts": "evil", "more.ts": "evil" },
      { "more.ts": "evil" },
      { "client.ts": "evil" },
    ];
    for (const changes of others) {
      const made = readFab(archive({ ...all, ...changes }));
      const evil = { ...made, hash: fab.hash.slice(0, 8) + made.hash.slice(8) };
      const apart = await installFab(evil, home);
      assert.equal(basename(apart.folder), fabLongFolderName(fab.config, evil.hash));
      assert.equal((await installFab(evil, home)).folder, apart.folder);
      assert.deepEqual(await tree(folder), before);
      assert.equal(await Deno.readTextFile(join(folder, "client.ts")), "app");
    }
    // A folder with the full hash in its name belongs to the FAB, whatever it contains.
    const made = readFab(archive({ ...appFiles("typescript"), "client.ts": "evil" }));
    const evil = { ...made, hash: fab.hash.slice(0, 8) + made.hash.slice(8) };
    const damaged = (await installFab(evil, home)).folder;
    await Deno.remove(join(damaged, ".info"), { recursive: true });
    await Deno.writeTextFile(join(damaged, "client.ts"), "damaged");
    const repaired = await installFab(evil, home);
    assert.deepEqual([repaired.folder, repaired.wasThere], [damaged, false]);
  }));

Deno.test("install: several installations at the same time leave one complete app", () =>
  withApp({}, async (home) => {
    const installed = await Promise.all(Array.from({ length: 8 }, () => installFab(fab, home)));
    assert.equal(new Set(installed.map(({ folder }) => folder)).size, 1);
    assert.deepEqual(
      (await Array.fromAsync(Deno.readDir(join(home, "apps")))).map(({ name }) => name),
      [name],
    );
    assert.equal((await installFab(fab, home)).wasThere, true);
  }));

Deno.test("install: a home that cannot be written is refused", () =>
  withApp({ "apps": "a file" }, (home) =>
    assert.rejects(installFab(fab, home), {
      code: "failed-precondition",
      message: /cannot be installed to/,
    })));

Deno.test("install: Flower's home is FLWR_HOME or in the user's home", async () => {
  await withEnvironment({ FLWR_HOME: "/some/where" }, () => {
    assert.equal(flwrHome(), "/some/where");
  });
  await withEnvironment({ FLWR_HOME: undefined }, () => {
    assert.match(flwrHome(), /[\\/]\.flwr$/);
  });
});
