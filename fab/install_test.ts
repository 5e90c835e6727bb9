import assert from "node:assert/strict";
import { join } from "node:path";
import { fabFolderName } from "./fab.ts";
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

Deno.test("install: the app is where Flower looks for it, for the user's eyes only", () =>
  withApp({}, async (home) => {
    const { folder, config, hash, wasThere } = await installFab(fab, home);
    assert.equal(folder, join(home, "apps", `tester.small.1.0.0.${fab.hash.slice(0, 8)}`));
    assert.deepEqual({ config, hash, wasThere }, {
      config: fab.config,
      hash: fab.hash,
      wasThere: false,
    });
    const files = ["client.ts", "lib/task.ts", "pyproject.toml", "server.ts"];
    assert.deepEqual(await tree(join(home, "apps")), files.map((file) => `${name}/${file}`));
    assert.equal(await Deno.readTextFile(join(folder, "lib/task.ts")), "task");
    if (Deno.build.os === "windows") return;
    const mode = async (path: string) => (await Deno.stat(join(home, path))).mode! & 0o777;
    assert.equal(await mode("apps"), 0o700);
    assert.equal(await mode(`apps/${name}`), 0o700);
    assert.equal(await mode(`apps/${name}/lib`), 0o700);
    assert.equal(await mode(`apps/${name}/lib/task.ts`), 0o600);
  }));

Deno.test("install: an app that is there is kept, with what was written beside it", () =>
  withApp({}, async (home) => {
    const { folder } = await installFab(fab, home);
    await Deno.writeTextFile(join(folder, "notes.txt"), "mine");
    assert.equal((await installFab(fab, home)).wasThere, true);
    assert.equal(await Deno.readTextFile(join(folder, "notes.txt")), "mine");
  }));

Deno.test("install: an app that was changed, or is not whole, is replaced", async (t) => {
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

Deno.test("install: several at once leave one whole app", () =>
  withApp({}, async (home) => {
    const installed = await Promise.all(Array.from({ length: 8 }, () => installFab(fab, home)));
    assert.equal(new Set(installed.map(({ folder }) => folder)).size, 1);
    assert.deepEqual(
      (await Array.fromAsync(Deno.readDir(join(home, "apps")))).map(({ name }) => name),
      [name],
    );
    assert.equal((await installFab(fab, home)).wasThere, true);
  }));

Deno.test("install: a home that cannot be written is told", () =>
  withApp({ "apps": "a file" }, (home) =>
    assert.rejects(installFab(fab, home), {
      code: "failed-precondition",
      message: /cannot be installed to/,
    })));

Deno.test("install: Flower's home is FLWR_HOME, or in the user's own folder", () => {
  const before = Deno.env.get("FLWR_HOME");
  try {
    Deno.env.set("FLWR_HOME", "/some/where");
    assert.equal(flwrHome(), "/some/where");
    Deno.env.delete("FLWR_HOME");
    assert.match(flwrHome(), /[\\/]\.flwr$/);
  } finally {
    if (before !== undefined) Deno.env.set("FLWR_HOME", before);
  }
});
