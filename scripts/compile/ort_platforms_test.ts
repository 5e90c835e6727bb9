import assert from "node:assert/strict";
import { join } from "node:path";
import { excludedOrtPlatforms, platformOf } from "./ort_platforms.ts";

Deno.test("targets name the folders of ONNX Runtime's package", () => {
  assert.deepEqual(platformOf("x86_64-unknown-linux-gnu"), { system: "linux", cpu: "x64" });
  assert.deepEqual(platformOf("aarch64-apple-darwin"), { system: "darwin", cpu: "arm64" });
  assert.deepEqual(platformOf("x86_64-pc-windows-msvc"), { system: "win32", cpu: "x64" });
});

Deno.test("everything but the target's own library is left out", async () => {
  const modules = await Deno.makeTempDir();
  try {
    const root = join(
      modules,
      ".deno/onnxruntime-node@1.30.0/node_modules/onnxruntime-node/bin/napi-v6",
    );
    for (const folder of ["linux/x64", "linux/arm64", "darwin/arm64", "win32/x64"]) {
      await Deno.mkdir(join(root, folder), { recursive: true });
    }
    assert.deepEqual(
      await excludedOrtPlatforms(modules, "aarch64-unknown-linux-gnu"),
      [join(root, "darwin"), join(root, "linux/x64"), join(root, "win32")],
    );
  } finally {
    await Deno.remove(modules, { recursive: true });
  }
});
