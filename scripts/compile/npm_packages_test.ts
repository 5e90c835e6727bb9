import assert from "node:assert/strict";
import { join } from "node:path";
import { type ModuleGraph, neededPackages, unneededFolders } from "./npm_packages.ts";

const PACKAGES: ModuleGraph["npmPackages"] = {
  "a@1.0.0": { name: "a", version: "1.0.0", dependencies: ["@scope/b@2.0.0"] },
  "@scope/b@2.0.0": { name: "@scope/b", version: "2.0.0", dependencies: ["a@1.0.0"] },
  "peer@3.0.0_a@1.0.0": { name: "peer", version: "3.0.0", dependencies: [] },
  "tool@4.0.0": { name: "tool", version: "4.0.0", dependencies: ["a@1.0.0"] },
};

Deno.test("the packages that modules import and their dependencies are needed, and no others", () => {
  const graph = (...ids: string[]): ModuleGraph => ({
    modules: [{ kind: "esm" }, ...ids.map((npmPackage) => ({ kind: "npm", npmPackage }))],
    npmPackages: PACKAGES,
  });
  assert.deepEqual([...neededPackages([graph("a@1.0.0")])].toSorted(), [
    "@scope/b@2.0.0",
    "a@1.0.0",
  ]);
  assert.deepEqual(
    [...neededPackages([graph("@scope/b@2.0.0"), graph("peer@3.0.0_a@1.0.0")])].toSorted(),
    ["@scope/b@2.0.0", "a@1.0.0", "peer@3.0.0"],
  );
  assert.deepEqual([...neededPackages([graph()])], []);
});

Deno.test("everything in node_modules except the needed packages is left out", async () => {
  const modules = await Deno.makeTempDir();
  try {
    for (
      const folder of [".bin", "a", "@scope", ".deno/a@1.0.0", ".deno/@scope+b@2.0.0"].concat(
        [".deno/peer@3.0.0_1", ".deno/tool@4.0.0", ".deno/a@1.0.1", ".deno/node_modules"],
      )
    ) await Deno.mkdir(join(modules, folder), { recursive: true });
    assert.deepEqual(
      await unneededFolders(modules, new Set(["a@1.0.0", "@scope/b@2.0.0", "peer@3.0.0"])),
      [".bin", ".deno/a@1.0.1", ".deno/node_modules", ".deno/tool@4.0.0", "@scope", "a"]
        .map((folder) => join(modules, folder)).toSorted(),
    );
  } finally {
    await Deno.remove(modules, { recursive: true });
  }
});
