import assert from "node:assert/strict";
import { packagesFolder } from "./native_library.ts";

Deno.test("ONNX Runtime's package is in the folder of packages", async () => {
  const names = Array.from(Deno.readDirSync(packagesFolder()!), ({ name }) => name);
  assert.ok(names.includes("onnxruntime-node"));
  const manifest = await Deno.readTextFile(`${packagesFolder()}/onnxruntime-node/package.json`);
  assert.equal(JSON.parse(manifest).name, "onnxruntime-node");
});
