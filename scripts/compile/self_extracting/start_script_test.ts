import assert from "node:assert/strict";
import { HAS_ALL_RIGHTS } from "../../../base/testing/all_rights.ts";
import { TempDir } from "../../../tests/support/tempdir.ts";
import { type StartScript, startScript } from "./start_script.ts";

const OPTIONS: StartScript = {
  version: "1.2.3",
  target: "x86_64-unknown-linux-gnu",
  sha256: "0".repeat(64),
  archiveBytes: 1000,
  unpackedBytes: 3 << 20,
  files: ["deno", "main.js"],
  entry: "main.js",
  place: "place.js",
  launchers: [{ name: "flwr", words: [] }, { name: "flower-x", words: ["x", "y"] }],
};

/** Runs a start script without an archive. */
async function run(folder: string, options: StartScript, env: Record<string, string>) {
  const file = `${folder}/flwr`;
  await Deno.writeFile(file, await startScript(options), { mode: 0o755 });
  const { code, stdout, stderr } = await new Deno.Command(file, {
    args: ["ls", "a b", "$HOME"],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", ...env },
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out!, stderr: err! };
}

const onlyHere = { ignore: !HAS_ALL_RIGHTS || Deno.build.os === "windows" };

Deno.test("the script knows its own length", async () => {
  for (let digits = 1; digits < 9; digits++) {
    const script = await startScript({ ...OPTIONS, archiveBytes: 10 ** digits });
    const text = new TextDecoder().decode(script);
    assert.match(text, new RegExp(`^archive_start=${script.length + 1}$`, "m"));
    assert.match(text, new RegExp(`^file_bytes=${script.length + 10 ** digits}$`, "m"));
  }
});

Deno.test("a file's name that a shell would read as something else is refused", async () => {
  for (const name of ["a b", "a'b", "a\nb", "$a", "*"]) {
    await assert.rejects(startScript({ ...OPTIONS, files: [name] }), { code: "internal" });
  }
});

Deno.test("a file for another machine says so", onlyHere, async () => {
  await using temp = await TempDir.make();
  const folder = temp.path;
  const target = Deno.build.target === "aarch64-apple-darwin"
    ? "x86_64-unknown-linux-gnu"
    : "aarch64-apple-darwin";
  const { code, stderr } = await run(folder, { ...OPTIONS, target }, { HOME: folder });
  assert.equal(code, 1);
  assert.ok(stderr.startsWith(`Error: This flwr is for ${target}, and this machine is `), stderr);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), [
    "flwr",
  ]);
});

Deno.test(
  "without a home folder FLWR_CACHE is asked for",
  onlyHere,
  async () => {
    await using temp = await TempDir.make();
    const folder = temp.path;
    const { code, stderr } = await run(folder, OPTIONS, {});
    assert.equal(code, 1);
    assert.match(stderr, /^Error: There is no folder .*\n {2}Hint: Set FLWR_CACHE /);
  },
);

/** A program in place of Deno that shows how it is run. */
const SHOWS = `#!/bin/sh
echo "$DENO_DIR $DENO_NO_UPDATE_CHECK"
for word; do echo "$word"; done
`;

Deno.test(
  "a later start needs no archive: it runs what is unpacked",
  onlyHere,
  async () => {
    await using temp = await TempDir.make();
    const folder = temp.path;
    const cache = await Deno.realPath(folder);
    const program = `${cache}/programs/${OPTIONS.sha256}`;
    await Deno.mkdir(program, { recursive: true });
    await Deno.writeTextFile(`${program}/deno`, SHOWS, { mode: 0o700 });
    await Deno.writeTextFile(`${program}/main.js`, "");
    const format = Deno.build.os === "darwin"
      ? ["-f", "%p %u %g %z %m %N"]
      : ["-c", "%a %u %g %s %Y %n"];
    const args = [...format, ...OPTIONS.files];
    const { stdout: described } = await new Deno.Command("stat", { args, cwd: program }).output();
    await Deno.writeFile(`${program}/.files`, described);
    const { stdout, stderr } = await run(folder, OPTIONS, { FLWR_CACHE: folder });
    const [environment, ...words] = stdout.trimEnd().split("\n");
    assert.equal(environment, `${folder}/deno 1`, stderr);
    const heap = words.splice(3, 1)[0];
    assert.match(heap!, /^--v8-flags=--min-semi-space-size=\d+$/);
    assert.deepEqual(words, [
      ...["run", "-A", "--quiet", "--config", `${program}/deno.json`, `${program}/main.js`],
      ...["ls", "a b", "$HOME"],
    ]);
  },
);
