import assert from "node:assert/strict";
import { RECOMMENDED_DENO } from "../../../rpc/deno_version.ts";
import { TempDir } from "../../../tests/support/tempdir.ts";
import { DENO_BINARIES, denoBinary, LISTED_DENO } from "./deno_binary.ts";

const TARGET = "aarch64-apple-darwin";

/** A package as npm's client installs it, with another program as `deno`. */
async function wrongPackage(folder: string): Promise<string> {
  const { npmPackage } = DENO_BINARIES[TARGET]!;
  await Deno.mkdir(`${folder}/package/node_modules/${npmPackage}`, { recursive: true });
  await Deno.writeTextFile(`${folder}/package/node_modules/${npmPackage}/deno`, "evil");
  return `${folder}/package`;
}

Deno.test("the listed binaries have the version of the Deno that runs the tests", () => {
  assert.equal(LISTED_DENO, RECOMMENDED_DENO);
  for (const { sha256 } of Object.values(DENO_BINARIES)) assert.match(sha256, /^[0-9a-f]{64}$/);
});

Deno.test("an npm package with another program is refused", async () => {
  await using temp = await TempDir.make();
  const folder = temp.path;
  const fetched: string[] = [];
  await assert.rejects(
    denoBinary({ target: TARGET, running: Deno.execPath() }, (name) => {
      fetched.push(name);
      return wrongPackage(folder);
    }),
    { code: "data-loss" },
  );
  assert.deepEqual(fetched, ["@deno/darwin-arm64"]);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), [], "nothing is left");
});

Deno.test("a file that the user names must be the listed one too", async () => {
  await using temp = await TempDir.make();
  const folder = temp.path;
  const given = `${folder}/deno`;
  const nothing = () => Promise.reject(new Error("npm is not asked"));
  const get = () => denoBinary({ target: TARGET, given, running: Deno.execPath() }, nothing);
  await assert.rejects(get(), { code: "not-found" });
  await Deno.writeTextFile(given, "evil");
  await assert.rejects(get(), { code: "data-loss" });
});
