import assert from "node:assert/strict";
import { ROOMS } from "../compile/entry_points.ts";
import { launcherFile, LAUNCHERS, type LauncherTarget } from "./launcher.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";

const target: LauncherTarget = { deno: "/opt/it's deno", project: "/home/a b", os: "linux" };

/** Seconds since 1970 at which files of a simulated project were changed. */
const EARLY = 1000;
const LATE = 2000;

/** A project's folder, with a launcher in it that prints the arguments of Deno. */
class Project implements AsyncDisposable {
  constructor(readonly folder: string) {}

  static async make(): Promise<Project> {
    const project = new Project(await Deno.makeTempDir({ prefix: "flwr launcher's " }));
    for (const folder of [...ROOMS, "node_modules/.deno", "dist/program"]) {
      await Deno.mkdir(`${project.folder}/${folder}`, { recursive: true });
    }
    const files = ["main.ts", "mod.ts", "deno.json", "deno.lock", "app/client.ts"];
    for (const file of files) await project.put(file, EARLY);
    for (const folder of ROOMS) await project.setTime(folder, EARLY);
    await project.put("node_modules/.deno/.setup-cache.bin", EARLY);
    return project;
  }

  async put(file: string, time: number): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/${file}`, "");
    await this.setTime(file, time);
  }

  async setTime(path: string, time: number): Promise<void> {
    await Deno.utime(`${this.folder}/${path}`, time, time);
  }

  /** What a launcher runs: the started module, and who manages the packages. */
  async launches(built: boolean): Promise<{ main: string; packages: string }> {
    const { text } = launcherFile({ name: "x", words: ["ls"] }, {
      ...target,
      deno: "/bin/echo",
      project: this.folder,
      ...(built ? { build: `${this.folder}/dist/program` } : {}),
    });
    const launcher = `${this.folder}/x`;
    await Deno.writeTextFile(launcher, text, { mode: 0o755 });
    const { stdout, stderr } = await new Deno.Command(launcher).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    const line = new TextDecoder().decode(stdout).replaceAll(`${this.folder}/`, "");
    const match = /^run .*--node-modules-dir=(\w+) --config (.*)deno\.json (\S+) ls\n$/.exec(line);
    assert.ok(match !== null, line);
    const [, packages, place, main] = match as unknown as [string, string, string, string];
    assert.ok(main.startsWith(place), "the settings are those of the started program");
    return { main, packages };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("the names of Flower's own commands stand for ours", () => {
  assert.deepEqual(
    Object.fromEntries(LAUNCHERS.map(({ name, words }) => [name, words.join(" ")])),
    {
      "flwr": "",
      "flower-superlink": "superlink",
      "flower-supernode": "supernode",
      "flower-client-app": "supernode",
      "flower-server-app": "run",
    },
  );
});

Deno.test("a launcher falls back to the recommended Deno when its own has gone", () => {
  const { file, text } = launcherFile({ name: "x", words: ["run"] }, target);
  assert.equal(file, "x");
  assert.match(text, /^main='\/home\/a b\/main\.ts'$/m);
  assert.match(text, /^set -- run .* 'run' "\$@"$/m);
  assert.match(
    text,
    /^if \[ -x '\/opt\/it'\\''s deno' \]; then exec '\/opt\/it'\\''s deno' "\$@"; fi$/m,
  );
  assert.match(text, /^exec npx -y deno@2\.9\.3 "\$@"$/m);
});

const onlyHere = { ignore: Deno.build.os === "windows" };

testWithAllRights(
  "Deno checks the packages only if the lock file has changed since",
  async () => {
    await using project = await Project.make();
    const packages = async () => (await project.launches(false)).packages;
    assert.equal(await packages(), "auto");
    await project.put("node_modules/.deno/.setup-cache.bin", LATE);
    assert.equal(await packages(), "manual");
    await Deno.remove(`${project.folder}/node_modules`, { recursive: true });
    assert.equal(await packages(), "auto");
  },
  onlyHere,
);

testWithAllRights(
  "a launcher runs the build if it is up to date, otherwise the sources",
  async () => {
    await using project = await Project.make();
    const main = async () => (await project.launches(true)).main;
    const built = { main: "dist/program/main.js", packages: "manual" };
    assert.equal(await main(), "main.ts", "the build has gone");
    const build = () => project.put("dist/program/deno.json", EARLY);
    await build();
    assert.deepEqual(await project.launches(true), built);

    const changes: readonly [string, () => Promise<void>][] = [
      ["a source was changed", () => project.setTime("app/client.ts", LATE)],
      ["a source came or went", () => project.setTime("app", LATE)],
      ["the packages were changed", () => project.setTime("deno.lock", LATE)],
    ];
    for (const [what, change] of changes) {
      await change();
      assert.equal(await main(), "main.ts", what);
      await project.setTime("dist/program/deno.json", LATE);
      assert.deepEqual(await project.launches(true), built, "built anew");
      for (const path of ["app/client.ts", "app", "deno.lock"]) await project.setTime(path, EARLY);
      await build();
    }
    await Deno.remove(`${project.folder}/node_modules`, { recursive: true });
    assert.equal(await main(), "main.ts", "the packages have gone");
    await Deno.remove(`${project.folder}/tensor`, { recursive: true });
    assert.equal(await main(), "main.ts", "a room has gone");
  },
  onlyHere,
);

testWithAllRights(
  "a SuperNode, which may train, starts with Deno's default heap",
  async () => {
    await using project = await Project.make();
    const launch = async (words: readonly string[], ...args: string[]) => {
      const { text } = launcherFile({ name: "x", words }, {
        ...target,
        deno: "/bin/echo",
        project: project.folder,
      });
      await Deno.writeTextFile(`${project.folder}/x`, text, { mode: 0o755 });
      const { stdout } = await new Deno.Command(`${project.folder}/x`, { args }).output();
      return new TextDecoder().decode(stdout);
    };
    assert.match(await launch([], "ls"), / --v8-flags=--min-semi-space-size=\d+ .* ls\n$/);
    assert.match(await launch(["run"]), / --v8-flags=--min-semi-space-size=\d+ .* run\n$/);
    assert.doesNotMatch(await launch([], "supernode", "client:app"), /--v8-flags/);
    assert.doesNotMatch(await launch(["supernode"], "client:app"), /--v8-flags/);
  },
  onlyHere,
);

Deno.test("a launcher disables Deno's check for newer versions", () => {
  for (const os of ["linux", "windows"] as const) {
    const { text } = launcherFile({ name: "x", words: [] }, { ...target, os });
    assert.match(text, /^(export|set) DENO_NO_UPDATE_CHECK=1\r?$/m);
  }
});

Deno.test("on Windows it is a batch file, in which a percent sign is doubled", () => {
  const { file, text } = launcherFile({ name: "x", words: ["run"] }, {
    ...target,
    deno: "C:\\100% deno.exe",
    os: "windows",
  });
  assert.equal(file, "x.cmd");
  assert.match(text, /if exist "C:\\100%% deno\.exe" \("C:\\100%% deno\.exe" "run" .* %\*\) else/);
});
