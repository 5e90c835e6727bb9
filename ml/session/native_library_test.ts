import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { copyToCache, findEmbeddedLibrary, openNativeLibrary } from "./native_library.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";

/** Longer than one piece, and not a multiple of it. */
function libraryBytes(): Uint8Array {
  return Uint8Array.from({ length: 2_500_000 }, (_, i) => (i * 31) % 251);
}

Deno.test("each platform's library is found under the name that the addon asks for", () =>
  inTemporaryFolder(async (packages) => {
    const binaries = join(
      packages,
      "onnxruntime-node@1.30.0/node_modules/onnxruntime-node/bin/napi-v6",
    );
    const files = [
      "linux/x64/libonnxruntime.so.1",
      "linux/x64/onnxruntime_binding.node",
      "darwin/arm64/libonnxruntime.1.30.0.dylib",
      "darwin/arm64/libonnxruntime.1.dylib",
      "win32/arm64/DirectML.dll",
      "win32/arm64/onnxruntime.dll",
    ];
    for (const file of files) {
      await Deno.mkdir(join(binaries, file, ".."), { recursive: true });
      await Deno.writeTextFile(join(binaries, file), "");
    }
    const find = async (os: typeof Deno.build.os, arch: typeof Deno.build.arch) =>
      (await findEmbeddedLibrary(packages, { os, arch })).path.slice(binaries.length + 1)
        .replaceAll("\\", "/");
    assert.equal(await find("linux", "x86_64"), "linux/x64/libonnxruntime.so.1");
    assert.equal(await find("darwin", "aarch64"), "darwin/arm64/libonnxruntime.1.dylib");
    assert.equal(await find("windows", "aarch64"), "win32/arm64/onnxruntime.dll");
    assert.equal(
      (await findEmbeddedLibrary(packages, { os: "linux", arch: "x86_64" })).version,
      "1.30.0",
    );
    await assert.rejects(
      findEmbeddedLibrary(packages, { os: "linux", arch: "aarch64" }),
      (error) => error instanceof FlwrError && /linux on aarch64/.test(error.message),
    );
  }));

Deno.test("the library in use is found as it would be found in an executable", async () => {
  const packages = new URL("../../node_modules/.deno", import.meta.url).pathname;
  const { path, name } = await findEmbeddedLibrary(decodeURIComponent(packages), Deno.build);
  assert.ok((await Deno.stat(path)).size > 1_000_000, `${path} is ${name}`);
});

Deno.test("the library is copied once, and again if the copy was changed or truncated", () =>
  inTemporaryFolder(async (folder) => {
    const bytes = libraryBytes();
    const library = { path: join(folder, "embedded"), name: "library.so.1" };
    await Deno.writeFile(library.path, bytes);
    const cache = join(folder, "deep", "cache");
    const copy = await copyToCache(library, cache);
    assert.equal(copy, join(cache, "library.so.1"));
    assert.ok(equalBytes(await Deno.readFile(copy), bytes));
    const { ino } = await Deno.stat(copy);

    assert.equal(await copyToCache(library, cache), copy);
    assert.equal((await Deno.stat(copy)).ino, ino, "an intact copy is kept");

    const changed = bytes.slice();
    changed[2_400_000]! ^= 1;
    for (const damaged of [changed, bytes.subarray(0, 1000), new Uint8Array()]) {
      await Deno.writeFile(copy, damaged);
      await copyToCache(library, cache);
      assert.ok(equalBytes(await Deno.readFile(copy), bytes));
    }
    const left = await Array.fromAsync(Deno.readDir(cache), ({ name }) => name);
    assert.deepEqual(left, ["library.so.1"]);
  }));

Deno.test("concurrent copies all get a complete library", () =>
  inTemporaryFolder(async (folder) => {
    const bytes = libraryBytes();
    const library = { path: join(folder, "embedded"), name: "library.so.1" };
    await Deno.writeFile(library.path, bytes);
    const read = async () =>
      equalBytes(await Deno.readFile(await copyToCache(library, join(folder, "cache"))), bytes);
    assert.deepEqual(await Promise.all(Array.from({ length: 4 }, read)), [true, true, true, true]);
  }));

Deno.test("the error for a read-only cache names it and a remedy", () =>
  inTemporaryFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "not a folder");
    await assert.rejects(
      copyToCache({ path: file, name: "library.so.1" }, join(file, "cache")),
      (error) =>
        error instanceof FlwrError && error.code === "failed-precondition" &&
        error.message.includes(join(file, "cache")) && /FLWR_CACHE/.test(error.hints[0]!),
    );
  }));

Deno.test("outside an executable nothing is opened or copied", async () => {
  assert.equal(Deno.build.standalone, false);
  await openNativeLibrary();
});

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
