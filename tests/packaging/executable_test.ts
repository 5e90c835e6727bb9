/**
 * One executable, on machines as hospitals have them. It is made anew, as `deno task compile --self-extracting` does, or
 * FLWR_EXECUTABLE names one that was compiled in whatever way:
 *
 *     FLWR_EXECUTABLE=dist/flwr deno task test tests/packaging
 *
 * The tests of what unpacks itself are in this file, too, because they share the one that is made.
 */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { NIGHTLY } from "../support/nightly.ts";
import { scenario, type Stage } from "../support/stage.ts";
import type { Outcome } from "./command.ts";
import { unpacksItself } from "./made_executable.ts";
import { namesIn, POSSIBLE, Site } from "./site.ts";
import { trainFromDisk, trainSubmitted, withSuperLink } from "./whole_job.ts";

const VERSION: Outcome = { code: 0, stdout: `${manifest.version}\n`, stderr: "" };

/** A test of any executable. */
function onSite(name: string, body: (site: Site) => Promise<void>, isPossible = POSSIBLE): void {
  scenario(name, async (stage: Stage) => {
    await using site = await Site.make(stage);
    await body(site);
  }, { ignore: !isPossible, seconds: 300 });
}

/** A test of an executable that unpacks itself, which takes half a minute: at night only. */
function whereUnpacked(name: string, body: (site: Site) => Promise<void>): void {
  onSite(name, async (site) => {
    if (await unpacksItself(site.file)) await body(site);
  }, POSSIBLE && NIGHTLY);
}

onSite("the executable tells its version and commands and makes keys", async (site) => {
  assert.deepEqual(await site.run(["--version"]), VERSION);
  for (const command of ["superlink", "supernode", "run", "keys"]) {
    const { code, stdout } = await site.run([command, "--help"]);
    assert.equal(code, 0);
    assert.ok(stdout.startsWith(`Usage: flwr ${command} `), stdout);
  }
  const keys = await site.run(["keys", "generate", "1"]);
  assert.equal(keys.code, 0, keys.stderr);
  assert.ok((await Deno.stat(`${site.folder}/certificates/server.pem`)).isFile);
  assert.ok((await Deno.stat(`${site.folder}/keys/client_credentials_1`)).isFile);
});

onSite("the executable does the whole job of a federation", async (site) => {
  await withSuperLink(site, async (superlink) => {
    await trainFromDisk(site, superlink);
    await trainSubmitted(site, superlink);
  });
  // The cache and the settings of Flower are all that is left in the home folder.
  const { home } = site.machine;
  assert.deepEqual(await namesIn(home), [".cache", ".flwr"]);
  assert.deepEqual(await namesIn(`${home}/.cache`), ["flwr"]);
  const own = await unpacksItself(site.file) ? "programs" : "onnxruntime";
  assert.equal((await namesIn(`${site.cache}/${own}`)).length, 1, "the library inside was used");
});

/** Asserts that a start was refused in a sentence with something to do, and not in the words of a shell. */
function assertRefused({ code, stdout, stderr }: Outcome, words: RegExp): void {
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^Error: [^\n]+\n( {2}Hint: [^\n]+\n)+$/);
  assert.match(stderr, words);
}

/** Changes a read-only file, and takes its old mode back. */
async function change(path: string, how: (path: string) => Promise<void>): Promise<void> {
  const { mode } = await Deno.stat(path);
  await Deno.chmod(path, 0o600);
  await how(path);
  await Deno.chmod(path, mode! & 0o777);
}

async function changeByte(path: string, at: number): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  await file.seek(at, Deno.SeekMode.Start);
  await file.write(new TextEncoder().encode("~"));
}

whereUnpacked("two first starts at once unpack one program, and damage is mended", async (site) => {
  const both = await Promise.all([site.run(["--version"]), site.run(["--version"])]);
  assert.deepEqual(both, [VERSION, VERSION]);
  const program = await site.program();
  for (const folder of [program, `${program}/..`]) {
    assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  }
  assert.equal((await Deno.stat(`${program}/main.js`)).mode! & 0o777, 0o400);
  assert.match(await Deno.readTextFile(`${program}/LICENSES.txt`), /^MIT License$/m);
  const damages: readonly [name: string, () => Promise<void>][] = [
    ["cut", () => change(`${program}/main.js`, (path) => Deno.truncate(path, 100))],
    ["gone", () => Deno.remove(`${program}/mod.js`)],
    ["changed, with its size", () => change(`${program}/deno.json`, (path) => changeByte(path, 5))],
  ];
  for (const [name, damage] of damages) {
    await damage();
    assert.deepEqual(await site.run(["--version"]), VERSION, name);
    assert.equal(await site.program(), program, name);
    const { ino } = await Deno.stat(`${program}/main.js`);
    assert.deepEqual(await site.run(["--version"]), VERSION, name);
    assert.equal((await Deno.stat(`${program}/main.js`)).ino, ino, `${name}: mended once`);
  }
});

whereUnpacked("a damaged file is refused before anything is unpacked", async (site) => {
  const { size } = await Deno.stat(site.file);
  assert.ok(size <= 75e6, `${size} bytes`);
  const file = `${site.folder}/flwr`;
  const damages: readonly [name: string, () => Promise<void>][] = [
    ["cut", () => Deno.truncate(file, size - 1000)],
    ["longer", () => Deno.truncate(file, size + 1)],
    ["one byte in it is another", () => changeByte(file, Math.floor(size / 2))],
  ];
  for (const [name, damage] of damages) {
    await Deno.copyFile(site.file, file);
    await damage();
    assertRefused(await site.run(["--version"], { file }), /is damaged: /);
    await assert.rejects(Deno.stat(site.cache), Deno.errors.NotFound, name);
  }
});

whereUnpacked("a folder that cannot keep programs, or run them, is refused", async (site) => {
  const { machine } = site;
  const advice = / {2}Hint: Set FLWR_CACHE /;
  const folders: readonly [options: string, words: RegExp][] = [
    ["noexec", /may be mounted noexec/],
    ["size=40m", /needs \d+ MiB there/],
    ["ro", /cannot be made/],
  ];
  for (const [mount, words] of folders) {
    const cache = `${site.folder}/${mount}`;
    await machine.mount(cache, mount);
    const outcome = await site.run(["--version"], { cache });
    assertRefused(outcome, words);
    assert.match(outcome.stderr, advice);
    if (mount === "ro") continue;
    const list = await site.run(["-A", `${cache}/programs`], { file: "ls" });
    assert.equal(list.stdout, "", "nothing is left");
  }
  const cache = `${site.folder}/later`;
  await machine.mount(cache, "size=400m");
  assert.deepEqual(await site.run(["--version"], { cache }), VERSION);
  await machine.remount(cache, "noexec");
  const outcome = await site.run(["--version"], { cache });
  assertRefused(outcome, /may be mounted noexec/);
  assert.match(outcome.stderr, advice);
});

whereUnpacked("a folder in which others can put a program is refused", async (site) => {
  const programs = `${site.cache}/programs`;
  await Deno.mkdir(programs, { recursive: true });
  await Deno.chmod(programs, 0o770);
  assertRefused(await site.run(["--version"]), /Other users can write/);
  assert.deepEqual(await namesIn(programs), []);
  if (Deno.uid() !== 0) return;
  await Deno.chmod(programs, 0o700);
  await Deno.chown(programs, 65534, 65534);
  assertRefused(await site.run(["--version"]), /belongs to another user/);
  assert.deepEqual(await namesIn(programs), []);
  await Deno.chown(programs, 0, 0);
  assert.deepEqual(await site.run(["--version"]), VERSION);
  await Deno.chown(await site.program(), 65534, 65534);
  assertRefused(await site.run(["--version"]), /belongs to another user/);
});

whereUnpacked("a link with a name of Flower's commands is that command", async (site) => {
  const file = `${site.folder}/flower-superlink`;
  await Deno.symlink(site.file, file);
  // A relative folder, with all that a shell could read as something else.
  const cache = "it's a $cache, really";
  const { code, stdout, stderr } = await site.run(["--help"], { file, cache });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Usage: flwr superlink /);
  assert.deepEqual(await namesIn(`${site.folder}/${cache}`), ["deno", "programs"]);
});
