import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { FlwrError } from "../../../base/error.ts";
import { ownFolder } from "./pull.ts";
import { fetchArtifacts, type ReadFile } from "./fetch_artifacts.ts";
import { readIndex } from "./index_file.ts";
import { inTemporaryFolder } from "../../../base/testing/temporary_folder.ts";

const TOKEN = "0123456789abcdef".repeat(4);
const FOLDER = new URL(`http://link:8000/artifacts/${TOKEN}/`);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A SuperLink with files, and with a list that may be wrong. */
function server(
  files: Readonly<Record<string, Uint8Array>>,
  lies: Readonly<Record<string, object>> = {},
): ReadFile {
  const artifacts = Object.entries(files).map(([name, bytes]) => ({
    ...{ name, size: bytes.length, sha256: sha256(bytes) },
    ...lies[name],
  }));
  return async function* (url, maxBytes) {
    const path = url.href.slice(FOLDER.href.length);
    const bytes = path === "index.json"
      ? encode({ artifacts })
      : files[decodeURIComponent(path.slice("files/".length))];
    if (bytes === undefined) throw new FlwrError("not-found", `no ${path}`);
    assert.ok(maxBytes >= 0);
    yield bytes.subarray(0, 2);
    yield bytes.subarray(2);
  };
}

/** All files in a folder. */
async function tree(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) {
      found.push(...(await tree(`${folder}/${name}`)).map((sub) => `${name}/${sub}`));
    } else found.push(name);
  }
  return found.sort();
}

Deno.test("pull: files are written to their paths, next to existing files", () =>
  inTemporaryFolder(async (parent) => {
    const output = `${parent}/a/out`;
    await Deno.mkdir(output, { recursive: true });
    await Deno.writeTextFile(`${output}/mine`, "mine");
    await Deno.writeTextFile(`${output}/m`, "old");
    const files = { "m": new Uint8Array([1, 2, 3]), "r-1/e": new Uint8Array() };
    const fetched = await fetchArtifacts(server(files), FOLDER, output);
    assert.deepEqual(fetched.map(({ name, size }) => [name, size]), [["m", 3], ["r-1/e", 0]]);
    assert.deepEqual(await tree(parent), ["a/out/m", "a/out/mine", "a/out/r-1/e"]);
    assert.deepEqual(await Deno.readFile(`${output}/m`), files.m);
  }));

Deno.test("pull: nothing is written if any hash, size or name does not match", () =>
  inTemporaryFolder(async (parent) => {
    const good = new Uint8Array([1, 2, 3]);
    const cases: [Record<string, Uint8Array>, Record<string, object>, RegExp][] = [
      [{ a: good, b: good }, { b: { sha256: "0".repeat(64) } }, /"b"/],
      [{ a: good, b: good }, { b: { size: 4 } }, /"b".* 3 .* 4/],
      [{ a: good }, { a: { name: "../a" } }, /"\.\.\/a"/],
      [{ a: good }, { a: { name: "/etc/x" } }, /"\/etc\/x"/],
      [{ a: good }, { a: { name: "\u001b[2J" } }, /"\\x1b\[2J"|"\\u001b\[2J"/],
      [{ a: good, A: good }, {}, /"A".*"a"/],
      [{ a: good, "a/b": good }, {}, /"a"/],
      [{ a: good, b: good }, { b: { name: "a" } }, /"a".*"a"/],
      [{ a: good }, { a: { size: -1 } }, /size/i],
      [{ a: good }, { a: { sha256: "x" } }, /SHA-256/],
    ];
    for (const [files, lies, message] of cases) {
      const pulling = fetchArtifacts(server(files, lies), FOLDER, `${parent}/out`);
      await assert.rejects(pulling, { code: "data-loss", message });
      assert.deepEqual(await Array.fromAsync(Deno.readDir(parent)), []);
    }
  }));

Deno.test("pull: a malformed list is refused", () => {
  for (const text of ["", "[]", "{}", '{"artifacts": 5}', '{"artifacts": [5]}', '{"artifacts":']) {
    assert.throws(() => readIndex(new TextEncoder().encode(text)), {
      code: "data-loss",
    });
  }
});

Deno.test("pull: only the SuperLink's own URLs are downloaded", () => {
  const own = (url: string, insecure = true) =>
    ownFolder(url, 7n, { server: "link:8000", insecure })?.href;
  assert.equal(own(`http://link:8000/artifacts/${TOKEN}/run-7.zip`), FOLDER.href);
  assert.equal(
    own(`http://link:9999/artifacts/${TOKEN}/run-7.zip`),
    FOLDER.href.replace("8000", "9999"),
  );
  for (
    const url of [
      `https://link:8000/artifacts/${TOKEN}/run-7.zip`,
      `http://other:8000/artifacts/${TOKEN}/run-7.zip`,
      `http://link:8000/artifacts/${TOKEN}/run-8.zip`,
      `http://link:8000/artifacts/${TOKEN}/run-7.zip?x`,
      `http://link:8000/artifacts/x/run-7.zip`,
      `http://link:8000/bucket/run-7.zip`,
      "file:///etc/passwd",
      "nonsense",
      "",
    ]
  ) assert.equal(own(url), undefined, url);
  assert.equal(own(`http://link:8000/artifacts/${TOKEN}/run-7.zip`, false), undefined);
});
