import assert from "node:assert/strict";
import { builtFile, placeInBuild } from "./place.ts";

Deno.test("a module that is loaded by its URL is found by its name in the build's folder", () => {
  const source = `load(\n  new URL(\n    "../../rpc/grpc/server.ts", import.meta.url,\n  ),\n);`;
  assert.equal(builtFile("rpc/grpc/server.ts"), "rpc.grpc.server.js");
  assert.equal(
    placeInBuild("roles/superlink/serve.ts", source),
    `load(\n  new URL("./rpc.grpc.server.js", import.meta.url,\n  ),\n);`,
  );
});

Deno.test("any other URL is as if the project were in the build's folder", () => {
  const source = "read(new URL(`./templates/${name}`, import.meta.url))";
  const placed = placeInBuild("roles/cli/apps/new/template.ts", source);
  const evaluated = placed.replace("read", "").replaceAll(
    "import.meta.url",
    '"file:///build/x.js"',
  );
  const url = new Function("name", `return ${evaluated}.href`)("cnn/client.ts");
  assert.equal(url, "file:///build/roles/cli/apps/new/templates/cnn/client.ts");
});

Deno.test("expressions that are not available in a build are refused", () => {
  const source = "if (import.meta.main) await run();";
  assert.throws(() => placeInBuild("roles/cli/run/command.ts", source), {
    message: '"roles/cli/run/command.ts" uses import.meta.main, which is not available in a build',
  });
  assert.equal(placeInBuild("main.ts", source), source);
});
